# Needs: results/{dataset}/images.h5 (for the classes), features/ and clusters/.
# Makes: results/{dataset}/metrics.csv, and from it and the files behind it summary.csv, comparison.csv and
# comparison.txt.


scattergather:
    pairs=config["evaluation"]["n_chunks"],


# The clusterings of one split into so many clusters, of all seeds.
CLUSTERS_OF_ALL_SEEDS = expand(
    "results/{{dataset}}/clusters/{{features}}/{{split}}/k{{k}}/seed{seed}.h5", seed=config["clustering"]["seeds"]
)
# The chunks of the sums behind the indices of these clusterings.
PAIR_SUMS = gather.pairs("results/{{dataset}}/pair_sums/{{features}}/{{split}}/k{{k}}/{{space}}/{scatteritem}.h5")


# Compute a chunk of the sums behind the indices of some clusterings in one space, from some of the pairs of images.
rule pair_sums:
    input:
        features="results/{dataset}/features/{space}/{split}.h5",
        clusters=CLUSTERS_OF_ALL_SEEDS,
    output:
        temp("results/{dataset}/pair_sums/{features}/{split}/k{k}/{space}/{scatteritem}.h5"),
    log:
        "results/{dataset}/logs/pair_sums/{features}/{split}/k{k}/{space}/{scatteritem}.log",
    benchmark:
        "results/{dataset}/benchmarks/pair_sums/{features}/{split}/k{k}/{space}/{scatteritem}.tsv"
    conda:
        "../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=scaled_resource(500, 10),
        runtime=scaled_resource(10, 1),
    params:
        command=script_command("pair_sums.py"),
        code_digest=script_digest("pair_sums.py"),
    shell:
        "{params.command} --features {input.features:q} --clusters {input.clusters:q} --chunk {wildcards.scatteritem}"
        " --threads {threads} --out {output:q} --log {log:q}"


# Score the clusterings of all seeds in one feature space: their own, or another.
#
# All of them at once, as the distances between the images, which take most of the time, are the same.
if n_samples := config["evaluation"]["silhouette_samples"]:

    # From some images of each cluster.
    rule sample_silhouette:
        input:
            features="results/{dataset}/features/{space}/{split}.h5",
            clusters=CLUSTERS_OF_ALL_SEEDS,
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
            mem_mb=scaled_resource(500, 8),
            runtime=scaled_resource(3, 0.1),
        params:
            command=script_command("sample_silhouette.py"),
            code_digest=script_digest("sample_silhouette.py"),
            n_samples=n_samples,
        shell:
            "{params.command} --features {input.features:q}"
            " --clusters {input.clusters:q} --n-samples {params.n_samples}"
            " --threads {threads} --out {output:q} --log {log:q}"

else:

    # From all pairs of images.
    rule evaluate:
        input:
            features="results/{dataset}/features/{space}/{split}.h5",
            clusters=CLUSTERS_OF_ALL_SEEDS,
            pair_sums=PAIR_SUMS if len(PAIR_SUMS) > 1 else [],  # one chunk is computed in one go
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
            mem_mb=scaled_resource(500, 8),
            runtime=scaled_resource(3, 0.1),
        params:
            command=script_command("evaluate.py"),
            code_digest=script_digest("evaluate.py"),
        shell:
            "{params.command} --features {input.features:q}"
            " --clusters {input.clusters:q} --pair-sums {input.pair_sums:q}"
            " --threads {threads} --out {output:q} --log {log:q}"


# One table of the scores of all clusterings, in the feature spaces and against the classes.
rule collect_scores:
    input:
        "results/{dataset}/images.h5",
        expand("results/{{dataset}}/clusters/{clustering}.h5", clustering=targets.clusterings()),
        expand("results/{{dataset}}/metrics/{scores}.h5", scores=targets.scores()),
    output:
        "results/{dataset}/metrics.csv",
    log:
        "results/{dataset}/logs/collect_scores.log",
    conda:
        "../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=scaled_resource(300),
        runtime=scaled_resource(10),
    params:
        command=script_command("collect_scores.py"),
        code_digest=script_digest("collect_scores.py"),
        layout=cli_options(targets.layout_options()),
        results=results_folder,
    shell:
        "{params.command} --results {params.results:q} {params.layout} --out {output:q} --log {log:q}"


# Mean and spread of each score over seeds, and how much the clusterings of different seeds are alike.
rule summarise:
    input:
        "results/{dataset}/images.h5",
        expand("results/{{dataset}}/clusters/{clustering}.h5", clustering=targets.clusterings()),
        metrics="results/{dataset}/metrics.csv",
        gaps=expand(
            "results/{{dataset}}/gap/{features}/k{k}.json",
            features=targets.clustered_features() if config["evaluation"]["gap_references"] else [],
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
        mem_mb=scaled_resource(300, 4),
        runtime=scaled_resource(10, 0.2),
    params:
        command=script_command("summarise.py"),
        code_digest=script_digest("summarise.py"),
        layout=cli_options(targets.layout_options()),
        results=results_folder,
        gap="--gap" if config["evaluation"]["gap_references"] else "",
    shell:
        "{params.command} --results {params.results:q} {params.layout} {params.gap} --metrics {input.metrics:q}"
        " --out {output:q} --log {log:q}"


# The feature spaces side by side: differences with their confidence intervals, and verdicts.
rule compare:
    input:
        "results/{dataset}/images.h5",
        expand("results/{{dataset}}/clusters/{clustering}.h5", clustering=targets.clusterings()),
        expand("results/{{dataset}}/metrics/{scores}.h5", scores=targets.scores()),
    output:
        "results/{dataset}/comparison.csv",
    log:
        "results/{dataset}/logs/compare.log",
    benchmark:
        "results/{dataset}/benchmarks/compare.tsv"
    conda:
        "../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=scaled_resource(500, 8),
        runtime=scaled_resource(20, 0.5),
    params:
        command=script_command("compare.py"),
        code_digest=script_digest("compare.py"),
        layout=cli_options(targets.layout_options()),
        results=results_folder,
    shell:
        "{params.command} --results {params.results:q} {params.layout} --out {output:q} --log {log:q}"


# What follows from the comparison, in words.
rule conclude:
    input:
        "results/{dataset}/images.h5",
        comparison="results/{dataset}/comparison.csv",
    output:
        report(
            "results/{dataset}/comparison.txt",
            caption="captions/comparison.rst",
            category="Scores",
            labels={"figure": "comparison, as text"},
        ),
    log:
        "results/{dataset}/logs/conclude.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=scaled_resource(300),
        runtime=scaled_resource(5),
    params:
        command=script_command("conclude.py"),
        code_digest=script_digest("conclude.py"),
        layout=cli_options(targets.layout_options()),
        results=results_folder,
        k=targets.shown_k(),
    shell:
        "{params.command} --results {params.results:q} {params.layout} --comparison {input.comparison:q}"
        " --shown-k {params.k} --out {output:q} --log {log:q}"
