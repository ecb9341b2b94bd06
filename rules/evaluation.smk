# Needs: results/{dataset}/images.h5 (for the classes), features/, clusters/ and halves/.
# Makes: results/{dataset}/metrics/ and metrics.csv; half_scores/; from all these summary.csv, comparison.csv with
# replicates.csv, and comparison.txt.


scattergather:
    pairs=config["evaluation"]["n_chunks"],


# The sums behind the indices of the clusterings of one k, in chunks.
PAIR_SUMS = gather.pairs("results/{{dataset}}/pair_sums/{{features}}/{{split}}/k{{k}}/{{space}}/{scatteritem}.h5")
PAIR_SUMS_OF_IMPORTED = gather.pairs(
    "results/{{dataset}}/pair_sums/{{features}}/{{split}}/{{space}}/{scatteritem}.h5"
)


# Compute the sums behind the indices of the clusterings of all seeds in one space, for a chunk of the pairs of images.
rule pair_sums:
    input:
        features="results/{dataset}/features/{space}/{split}.h5",
        clusters=clusters_of_all_seeds(["{k}"]),
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


# The same for the runs of a clustering that was made elsewhere.
use rule pair_sums as pair_sums_of_imported with:
    input:
        features="results/{dataset}/features/{space}/{split}.h5",
        clusters=clusters_of_all_runs,
    output:
        temp("results/{dataset}/pair_sums/{features}/{split}/{space}/{scatteritem}.h5"),
    log:
        "results/{dataset}/logs/pair_sums/{features}/{split}/{space}/{scatteritem}.log",
    benchmark:
        "results/{dataset}/benchmarks/pair_sums/{features}/{split}/{space}/{scatteritem}.tsv"
    wildcard_constraints:
        features=IMPORTED,


# Score the clusterings of some k and of all seeds in one feature space: their own, or another.
#
# One job for all of them: the distances between the images take most of the time, and are the same for all. It keeps
# the scores that are there, if they are of the same clusterings.
if n_samples := config["evaluation"]["silhouette_samples"]:
    for number, ks in enumerate(targets.ks_by_job()):

        # Estimate the silhouette from a sample of each cluster.
        rule:
            name:
                f"sample_silhouette_{number}" if number else "sample_silhouette"
            input:
                features="results/{dataset}/features/{space}/{split}.h5",
                clusters=clusters_of_all_seeds(ks),
            output:
                update(expand("results/{{dataset}}/metrics/{{features}}/{{split}}/k{k}/{{space}}.h5", k=ks)),
            log:
                f"results/{{dataset}}/logs/metrics/{{features}}/{{split}}/k{ks[0]}/{{space}}.log",
            benchmark:
                f"results/{{dataset}}/benchmarks/metrics/{{features}}/{{split}}/k{ks[0]}/{{space}}.tsv"
            conda:
                "../envs/evaluation.yaml"
            threads: 2
            resources:
                mem_mb=scaled_resource(1000, 3),
                runtime=scaled_resource(3 * len(ks), 0.1 * len(ks)),
            params:
                command=script_command("sample_silhouette.py"),
                code_digest=script_digest("sample_silhouette.py"),
                n_samples=f"--n-samples {n_samples}",
            shell:
                "{params.command} --features {input.features:q}"
                " --clusters {input.clusters:q} {params.n_samples} --code-digest {params.code_digest:q}"
                " --threads {threads} --out {output:q} --log {log:q}"

    use rule sample_silhouette as sample_silhouette_of_imported with:
        input:
            features="results/{dataset}/features/{space}/{split}.h5",
            clusters=clusters_of_all_runs,
        output:
            update("results/{dataset}/metrics/{features}/{split}/{space}.h5"),
        log:
            "results/{dataset}/logs/metrics/{features}/{split}/{space}.log",
        benchmark:
            "results/{dataset}/benchmarks/metrics/{features}/{split}/{space}.tsv"
        wildcard_constraints:
            features=IMPORTED,

else:
    for number, ks in enumerate(targets.scored_ks_by_job()):

        # The exact indices, from all pairs of images.
        rule:
            name:
                f"evaluate_{number}" if number else "evaluate"
            input:
                features="results/{dataset}/features/{space}/{split}.h5",
                clusters=clusters_of_all_seeds(ks),
                # One chunk is computed in one go. Where there are several, a job is for one k.
                pair_sums=expand(PAIR_SUMS, k=ks, allow_missing=True) if len(PAIR_SUMS) > 1 else [],
            output:
                update(expand("results/{{dataset}}/metrics/{{features}}/{{split}}/k{k}/{{space}}.h5", k=ks)),
            log:
                f"results/{{dataset}}/logs/metrics/{{features}}/{{split}}/k{ks[0]}/{{space}}.log",
            benchmark:
                f"results/{{dataset}}/benchmarks/metrics/{{features}}/{{split}}/k{ks[0]}/{{space}}.tsv"
            conda:
                "../envs/evaluation.yaml"
            threads: 2
            resources:
                mem_mb=scaled_resource(1000, 8),
                runtime=scaled_resource(3 * len(ks), 0.1 * len(ks)),
            params:
                command=script_command("evaluate.py"),
                code_digest=script_digest("evaluate.py"),
            shell:
                "{params.command} --features {input.features:q}"
                " --clusters {input.clusters:q} --pair-sums {input.pair_sums:q} --code-digest {params.code_digest:q}"
                " --threads {threads} --out {output:q} --log {log:q}"

    use rule evaluate as evaluate_imported with:
        input:
            features="results/{dataset}/features/{space}/{split}.h5",
            clusters=clusters_of_all_runs,
            pair_sums=PAIR_SUMS_OF_IMPORTED if len(PAIR_SUMS_OF_IMPORTED) > 1 else [],
        output:
            update("results/{dataset}/metrics/{features}/{split}/{space}.h5"),
        log:
            "results/{dataset}/logs/metrics/{features}/{split}/{space}.log",
        benchmark:
            "results/{dataset}/benchmarks/metrics/{features}/{split}/{space}.tsv"
        wildcard_constraints:
            features=IMPORTED,


# Score the clusterings of halves of the images in one feature space, wherever they were made, for some k.
#
# One job for all of them: the distances between the images take most of the time, and are the same for all.
for number, ks in enumerate(targets.ks_by_job()):

    rule:
        name:
            f"score_halves_{number}" if number else "score_halves"
        input:
            features="results/{dataset}/features/{space}/{split}.h5",
            halves=halves_scored_in_a_space(ks),
        output:
            update(expand("results/{{dataset}}/half_scores/{{space}}/{{split}}/k{k}.h5", k=ks)),
        log:
            f"results/{{dataset}}/logs/half_scores/{{space}}/{{split}}/k{ks[0]}.log",
        benchmark:
            f"results/{{dataset}}/benchmarks/half_scores/{{space}}/{{split}}/k{ks[0]}.tsv"
        conda:
            "../envs/evaluation.yaml"
        threads: 1
        resources:
            mem_mb=scaled_resource(1000, 8),
            runtime=scaled_resource(10 * len(ks), 0.2 * len(ks)),
        params:
            command=script_command("score_halves.py"),
            code_digest=script_digest("score_halves.py"),
            made_in=lambda w: cli_options({"made_in": targets.spaces_scored_in(w.space, w.split)}),
        shell:
            "{params.command} --features {input.features:q} --halves {input.halves:q} {params.made_in}"
            " --code-digest {params.code_digest:q} --threads {threads} --out {output:q} --log {log:q}"


# Collect the scores of all clusterings into one table, and compare the clusters with the classes.
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


# Summarise each score over the seeds, and say how similar the clusterings of different seeds are.
rule summarise:
    input:
        "results/{dataset}/images.h5",
        expand("results/{{dataset}}/clusters/{clustering}.h5", clustering=targets.clusterings()),
        metrics="results/{dataset}/metrics.csv",
        gaps=expand(
            "results/{{dataset}}/gap/{features}/k{k}.h5",
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


# Compare the feature spaces: differences with their confidence intervals, and verdicts.
rule compare:
    input:
        "results/{dataset}/images.h5",
        expand("results/{{dataset}}/clusters/{clustering}.h5", clustering=targets.clusterings()),
        expand("results/{{dataset}}/metrics/{scores}.h5", scores=targets.scores()),
        expand("results/{{dataset}}/halves/{halves}.h5", halves=targets.halves()),
        expand("results/{{dataset}}/half_scores/{scores}.h5", scores=targets.half_scores()),
        # Where clusterings were made elsewhere, what is compared is in this table.
        "results/{dataset}/metrics.csv" if config["clusterings"] else [],
    output:
        comparison="results/{dataset}/comparison.csv",
        replicates="results/{dataset}/replicates.csv",
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
        decisive=f"--decisive {measure}" if (measure := config["evaluation"]["decisive_measure"]) else "",
    shell:
        "{params.command} --results {params.results:q} {params.layout} {params.decisive}"
        " --out {output.comparison:q} --replicates {output.replicates:q} --log {log:q}"


# Say in words what the comparison comes to.
rule conclude:
    input:
        comparison="results/{dataset}/comparison.csv",
        # Where there is nothing to compare, each feature space is described by itself.
        summary=[] if targets.has_comparison() else "results/{dataset}/summary.csv",
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
        k=f"--shown-k {targets.shown_k()}",
    shell:
        "{params.command} --comparison {input.comparison:q} --summary {input.summary:q} {params.k}"
        " --out {output:q} --log {log:q}"
