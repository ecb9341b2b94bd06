# Needs: results/{dataset}/images.h5 (for the classes), features/ and clusters/.
# Makes: results/{dataset}/metrics.csv, and from it comparison.txt and comparison.png.


# Score one clustering by itself and against the classes.
rule evaluate:
    input:
        images="results/{dataset}/images.h5",
        features="results/{dataset}/features/{features}.h5",
        clusters="results/{dataset}/clusters/{features}/{split}/k{k}/seed{seed}.h5",
    output:
        "results/{dataset}/metrics/{features}/{split}/k{k}/seed{seed}.json",
    params:
        code=code("evaluate.py"),
    log:
        "results/{dataset}/logs/metrics/{features}/{split}/k{k}/seed{seed}.log",
    benchmark:
        "results/{dataset}/benchmarks/metrics/{features}/{split}/k{k}/seed{seed}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    conda:
        "../envs/evaluation.yaml"
    shell:
        "{PYTHON:q} {SCRIPTS:q}/evaluate.py --images {input.images:q} --features {input.features:q}"
        " --clusters {input.clusters:q} --split {wildcards.split}"
        " --threads {threads} --out {output:q} --log {log:q}"


# One table of the scores of all clusterings.
rule gather:
    input:
        lambda w: [
            f"results/{w.dataset}/metrics/{features}/{split}/k{k}/seed{seed}.json"
            for features in config["features"]
            for split in splits_of(features)
            for k in config["clustering"]["n_clusters"]
            for seed in config["clustering"]["seeds"]
        ],
    output:
        "results/{dataset}/metrics.csv",
    params:
        code=code("gather.py"),
    log:
        "results/{dataset}/logs/gather.log",
    threads: 1
    resources:
        mem_mb=300,
        runtime=5,
    conda:
        "../envs/evaluation.yaml"
    shell:
        "{PYTHON:q} {SCRIPTS:q}/gather.py {input:q} --dataset {wildcards.dataset} --out {output:q} --log {log:q}"


# Put the feature spaces side by side, to read and to look at.
rule compare:
    input:
        "results/{dataset}/metrics.csv",
    output:
        table="results/{dataset}/comparison.txt",
        figure="results/{dataset}/comparison.png",
    params:
        code=code("compare.py"),
    log:
        "results/{dataset}/logs/compare.log",
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    conda:
        "../envs/evaluation.yaml"
    shell:
        "{PYTHON:q} {SCRIPTS:q}/compare.py --metrics {input:q} --table {output.table:q}"
        " --figure {output.figure:q} --log {log:q}"
