# Needs: results/{dataset}/images.h5 (for the classes), features/ and clusters/.
# Makes: results/{dataset}/metrics.csv, and from it and the files behind it summary.csv and comparison.csv.


scattergather:
    validity=config["evaluation"]["n_parts"],


# Compute a part of the validity indices of some clusterings in one space, from some of the pairs of images.
rule validity_part:
    input:
        features="results/{dataset}/features/{space}/{split}.h5",
        clusters=clusters_of_all_seeds,
    output:
        temp("results/{dataset}/parts/{features}/{split}/k{k}/{space}/{scatteritem}.h5"),
    log:
        "results/{dataset}/logs/parts/{features}/{split}/k{k}/{space}/{scatteritem}.log",
    benchmark:
        "results/{dataset}/benchmarks/parts/{features}/{split}/k{k}/{space}/{scatteritem}.tsv"
    conda:
        "../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=growing(500, 10),
        runtime=growing(10, 1),
    params:
        run=program("validity_part.py"),
        code=code("validity_part.py"),
    shell:
        "{params.run} --features {input.features:q} --clusters {input.clusters:q} --part {wildcards.scatteritem}"
        " --threads {threads} --out {output:q} --log {log:q}"


# Score the clusterings of all seeds in one feature space: their own, or another.
#
# All of them at once, as the distances between the images, which take most of the time, are the same.
rule evaluate:
    input:
        features="results/{dataset}/features/{space}/{split}.h5",
        clusters=clusters_of_all_seeds,
        parts=parts_of_validity,
    output:
        "results/{dataset}/metrics/{features}/{split}/k{k}/{space}.h5",
    log:
        "results/{dataset}/logs/metrics/{features}/{split}/k{k}/{space}.log",
    benchmark:
        "results/{dataset}/benchmarks/metrics/{features}/{split}/k{k}/{space}.tsv"
    conda:
        "../envs/evaluation.yaml"
    threads: 2
    resources:
        mem_mb=growing(500, 8),
        runtime=growing(3, 0.1),
    params:
        run=program("evaluate.py"),
        code=code("evaluate.py"),
        options=options(sample_of_silhouette()),
    shell:
        "{params.run} --features {input.features:q}"
        " --clusters {input.clusters:q} --parts {input.parts:q} {params.options}"
        " --threads {threads} --out {output:q} --log {log:q}"


# Cluster points without clusters, spread over the same space as the features, for the gap statistic.
rule gap:
    input:
        "results/{dataset}/features/{features}/{split}.h5",
    output:
        "results/{dataset}/gap/{features}/{split}/k{k}.json",
    log:
        "results/{dataset}/logs/gap/{features}/{split}/k{k}.log",
    benchmark:
        "results/{dataset}/benchmarks/gap/{features}/{split}/k{k}.tsv"
    conda:
        "../envs/clustering.yaml"
    threads: 1
    resources:
        mem_mb=growing(300, 3),
        runtime=growing(10, 0.2),
    params:
        run=program("gap.py"),
        code=code("gap.py"),
        options=options(
            {"init": config["clustering"]["init"], "references": config["evaluation"]["gap_references"] or 0}
        ),
    shell:
        "{params.run} --features {input:q} --n-clusters {wildcards.k} {params.options}"
        " --threads {threads} --out {output:q} --log {log:q}"


# One table of the scores of all clusterings, in the feature spaces and against the classes.
rule gather:
    input:
        "results/{dataset}/images.h5",
        expand("results/{{dataset}}/clusters/{run}.h5", run=clusterings()),
        expand("results/{{dataset}}/metrics/{run}.h5", run=scores()),
    output:
        "results/{dataset}/metrics.csv",
    log:
        "results/{dataset}/logs/gather.log",
    conda:
        "../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=growing(300),
        runtime=growing(10),
    params:
        run=program("gather.py"),
        code=code("gather.py"),
        runs=runs(),
        results=lambda wildcards, input: str(Path(input[0]).parent),
    shell:
        "{params.run} --results {params.results:q} {params.runs} --out {output:q} --log {log:q}"


# Mean and spread of each score over seeds, and how much the clusterings of different seeds are alike.
rule summarise:
    input:
        "results/{dataset}/images.h5",
        expand("results/{{dataset}}/clusters/{run}.h5", run=clusterings()),
        metrics="results/{dataset}/metrics.csv",
        gaps=expand(
            "results/{{dataset}}/gap/{group}/k{k}.json",
            group=groups() if config["evaluation"]["gap_references"] else [],
            k=config["clustering"]["n_clusters"],
        ),
    output:
        "results/{dataset}/summary.csv",
    log:
        "results/{dataset}/logs/summarise.log",
    conda:
        "../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=growing(300, 4),
        runtime=growing(10, 0.2),
    params:
        run=program("summarise.py"),
        code=code("summarise.py"),
        runs=runs(),
        results=lambda wildcards, input: str(Path(input[0]).parent),
        gap="--gap" if config["evaluation"]["gap_references"] else "",
    shell:
        "{params.run} --results {params.results:q} {params.runs} {params.gap} --metrics {input.metrics:q}"
        " --out {output:q} --log {log:q}"


# The feature spaces side by side: differences with their confidence intervals, and what follows.
rule compare:
    input:
        "results/{dataset}/images.h5",
        expand("results/{{dataset}}/clusters/{run}.h5", run=clusterings()),
        expand("results/{{dataset}}/metrics/{run}.h5", run=scores()),
    output:
        table="results/{dataset}/comparison.csv",
        text=report(
            "results/{dataset}/comparison.txt",
            caption="captions/comparison.rst",
            category="Scores",
            labels={"figure": "comparison, as text"},
        ),
    log:
        "results/{dataset}/logs/compare.log",
    benchmark:
        "results/{dataset}/benchmarks/compare.tsv"
    conda:
        "../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=growing(500, 8),
        runtime=growing(20, 0.5),
    params:
        run=program("compare.py"),
        code=code("compare.py"),
        runs=runs(),
        results=lambda wildcards, input: str(Path(input[0]).parent),
        k=shown_k(),
    shell:
        "{params.run} --results {params.results:q} {params.runs} --shown-k {params.k}"
        " --table {output.table:q} --text {output.text:q} --log {log:q}"
