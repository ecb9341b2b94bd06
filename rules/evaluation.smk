# Needs: results/{dataset}/images.h5 (for the classes), features/, clusters/ and halves/.
# Makes: results/{dataset}/metrics/ and metrics.csv; half_scores/; from all these summary.csv, comparison.csv with
# replicates.csv, and comparison.txt.


scattergather:
    pairs=config["evaluation"]["n_chunks"],


# The sums behind the indices of a group of clusterings, in chunks.
PAIR_SUMS = gather.pairs("results/{{dataset}}/pair_sums/{{space}}/{{split}}/{{group}}/{scatteritem}.h5")


# Compute the sums behind the indices of a group of clusterings in one space, for a chunk of the pairs of images. What is
# scored already is left out.
rule pair_sums:
    input:
        features="results/{dataset}/features/{space}/{split}.h5",
        clusters=lambda w: clusters_scored_in_a_space([w.group])(w),
    output:
        temp("results/{dataset}/pair_sums/{space}/{split}/{group}/{scatteritem}.h5"),
    log:
        "results/{dataset}/logs/pair_sums/{space}/{split}/{group}/{scatteritem}.log",
    benchmark:
        "results/{dataset}/benchmarks/pair_sums/{space}/{split}/{group}/{scatteritem}.tsv"
    conda:
        "../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=scaled_resource(2500, 10),
        runtime=scaled_resource(10, 1),
    params:
        command=script_command("pair_sums.py"),
        code_digest=script_digest("pair_sums.py"),
        evaluate_digest=script_digest("evaluate.py"),
        layout=lambda w: layout_scored_in_a_space([w.group])(w),
        results=results_of_features,
    shell:
        "{params.command} --features {input.features:q} --space {wildcards.space} --results {params.results:q}"
        " {params.layout} --evaluate-digest {params.evaluate_digest:q} --chunk {wildcards.scatteritem}"
        " --threads {threads} --out {output:q} --log {log:q}"


# Score clusterings in one feature space, wherever they were made: those into some k clusters, or the imported ones.
#
# One job for all of them: the distances between the images take most of the time, and are the same for all. It keeps
# the scores that are there, if they are of the same clusterings.
for number, groups in enumerate(targets.scored_groups_by_job()):
    suffix = "_imported" if groups == ["imported"] else f"_{number}" if number else ""
    if n_samples := config["evaluation"]["silhouette_samples"]:

        # Estimate the silhouette from a sample of each cluster.
        rule:
            name:
                f"sample_silhouette{suffix}"
            input:
                features="results/{dataset}/features/{space}/{split}.h5",
                clusters=clusters_scored_in_a_space(groups),
            output:
                update(expand("results/{{dataset}}/metrics/{{space}}/{{split}}/{group}.h5", group=groups)),
            log:
                f"results/{{dataset}}/logs/metrics/{{space}}/{{split}}/{groups[0]}.log",
            benchmark:
                f"results/{{dataset}}/benchmarks/sample_silhouette/{{space}}/{{split}}/{groups[0]}.tsv"
            conda:
                "../envs/evaluation.yaml"
            threads: 2
            resources:
                mem_mb=scaled_resource(1000, 3),
                runtime=scaled_resource(3 * len(groups), 0.1 * len(groups) * len(targets.clustered_features())),
            params:
                command=script_command("sample_silhouette.py"),
                code_digest=script_digest("sample_silhouette.py"),
                layout=layout_scored_in_a_space(groups),
                results=results_of_features,
                n_samples=f"--n-samples {n_samples}",
            shell:
                "{params.command} --features {input.features:q} --space {wildcards.space}"
                " --results {params.results:q} {params.layout} {params.n_samples}"
                " --code-digest {params.code_digest:q} --threads {threads} --log {log:q}"

    else:

        # The exact indices, from all pairs of images.
        rule:
            name:
                f"evaluate{suffix}"
            input:
                features="results/{dataset}/features/{space}/{split}.h5",
                clusters=clusters_scored_in_a_space(groups),
                # One chunk is computed in one go. Where there are several, a job is for one group.
                pair_sums=expand(PAIR_SUMS, group=groups, allow_missing=True) if len(PAIR_SUMS) > 1 else [],
            output:
                update(expand("results/{{dataset}}/metrics/{{space}}/{{split}}/{group}.h5", group=groups)),
            log:
                f"results/{{dataset}}/logs/metrics/{{space}}/{{split}}/{groups[0]}.log",
            benchmark:
                f"results/{{dataset}}/benchmarks/evaluate/{{space}}/{{split}}/{groups[0]}.tsv"
            conda:
                "../envs/evaluation.yaml"
            threads: 2
            resources:
                mem_mb=scaled_resource(1000, 8),
                runtime=scaled_resource(3 * len(groups), 0.1 * len(groups) * len(targets.clustered_features())),
            params:
                command=script_command("evaluate.py"),
                code_digest=script_digest("evaluate.py"),
                layout=layout_scored_in_a_space(groups),
                results=results_of_features,
            shell:
                "{params.command} --features {input.features:q} --space {wildcards.space}"
                " --results {params.results:q} {params.layout} --pair-sums {input.pair_sums:q}"
                " --code-digest {params.code_digest:q} --threads {threads} --log {log:q}"


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
            f"results/{{dataset}}/benchmarks/score_halves/{{space}}/{{split}}/k{ks[0]}.tsv"
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
