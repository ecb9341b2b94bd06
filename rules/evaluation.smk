# Needs: results/{dataset}/images.h5 (for the classes), features/ and clusters/.
# Makes: results/{dataset}/metrics.csv, and from it comparison.txt and comparison.png.


# Compute a part of the validity indices of one clustering, from some of the pairs of images.
rule validity_part:
    input:
        features="results/{dataset}/features/{features}.h5",
        clusters="results/{dataset}/clusters/{features}/{split}/k{k}/seed{seed}.h5",
    output:
        temp("results/{dataset}/parts/{features}/{split}/k{k}/seed{seed}/{part}of{n_parts}.h5"),
    log:
        "results/{dataset}/logs/parts/{features}/{split}/k{k}/seed{seed}/{part}of{n_parts}.log",
    benchmark:
        "results/{dataset}/benchmarks/parts/{features}/{split}/k{k}/seed{seed}/{part}of{n_parts}.tsv"
    conda:
        "../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=2500,  # a million images of 64 features took 1,160
        runtime=240,
    params:
        run=program("validity_part.py"),
        code=code("validity_part.py"),
    shell:
        "{params.run} --features {input.features:q} --clusters {input.clusters:q} --split {wildcards.split}"
        " --part {wildcards.part} --n-parts {wildcards.n_parts}"
        " --threads {threads} --out {output:q} --log {log:q}"


# Score one clustering by itself.
rule evaluate:
    input:
        features="results/{dataset}/features/{features}.h5",
        clusters="results/{dataset}/clusters/{features}/{split}/k{k}/seed{seed}.h5",
        parts=parts_of_validity,
    output:
        "results/{dataset}/metrics/{features}/{split}/k{k}/seed{seed}.json",
    log:
        "results/{dataset}/logs/metrics/{features}/{split}/k{k}/seed{seed}.log",
    benchmark:
        "results/{dataset}/benchmarks/metrics/{features}/{split}/k{k}/seed{seed}.tsv"
    conda:
        "../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        run=program("evaluate.py"),
        code=code("evaluate.py"),
        options=options(sample_of_silhouette()),
    shell:
        "{params.run} --features {input.features:q}"
        " --clusters {input.clusters:q} --split {wildcards.split} --parts {input.parts:q} {params.options}"
        " --threads {threads} --out {output:q} --log {log:q}"


# One table of the scores of all clusterings, by themselves and against the classes.
rule gather:
    input:
        "results/{dataset}/images.h5",
        expand("results/{{dataset}}/clusters/{run}.h5", run=clusterings()),
        expand("results/{{dataset}}/metrics/{run}.json", run=clusterings()),
    output:
        "results/{dataset}/metrics.csv",
    log:
        "results/{dataset}/logs/gather.log",
    conda:
        "../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=200,
        runtime=5,
    params:
        run=program("gather.py"),
        code=code("gather.py"),
        options=options(
            {
                "groups": groups(),
                "n_clusters": config["clustering"]["n_clusters"],
                "seeds": config["clustering"]["seeds"],
            }
        ),
    shell:
        "{params.run} --results results/{wildcards.dataset:q} {params.options} --out {output:q} --log {log:q}"


# Put the feature spaces side by side, to read and to look at.
rule compare:
    input:
        "results/{dataset}/metrics.csv",
    output:
        table="results/{dataset}/comparison.txt",
        figure="results/{dataset}/comparison.png",
    log:
        "results/{dataset}/logs/compare.log",
    conda:
        "../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=300,
        runtime=5,
    params:
        run=program("compare.py"),
        code=code("compare.py"),
    shell:
        "{params.run} --metrics {input:q} --table {output.table:q}" " --figure {output.figure:q} --log {log:q}"
