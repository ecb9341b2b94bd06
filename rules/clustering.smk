# Needs: results/{dataset}/features/{features}/{split}.h5.
# Makes: results/{dataset}/clusters/{features}/{split}/k{k}/seed{seed}.h5, results/{dataset}/halves/, and
# results/{dataset}/gap/. Of clusterings that were made elsewhere: results/{dataset}/clusters/{name}/{split}/run{run}.h5.


# Cluster one split in one feature space with k-means, some k and seeds in one job: the start of Python and the loading
# of compiled code take longer than k-means of a few thousand images. The job keeps the clusterings that are there, if
# they were made of the same features in the same way.
for number, clusterings in enumerate(targets.clusterings_by_job()):
    ks, seeds = zip(*clusterings)

    rule:
        name:
            f"cluster_{number}" if number else "cluster"
        input:
            "results/{dataset}/features/{features}/{split}.h5",
        output:
            update(
                expand(
                    "results/{{dataset}}/clusters/{{features}}/{{split}}/k{k}/seed{seed}.h5",
                    zip,
                    k=ks,
                    seed=seeds,
                )
            ),
        log:
            f"results/{{dataset}}/logs/clusters/{{features}}/{{split}}/k{ks[0]}/seed{seeds[0]}.log",
        benchmark:
            f"results/{{dataset}}/benchmarks/cluster/{{features}}/{{split}}/k{ks[0]}/seed{seeds[0]}.tsv"
        conda:
            "../envs/clustering.yaml"
        threads: 1
        resources:
            mem_mb=scaled_resource(600, 2.5),
            runtime=scaled_resource(2 + len(ks), 0.02 * len(ks)),
        params:
            command=script_command("cluster.py"),
            code_digest=script_digest("cluster.py"),
            clusterings=untracked(cli_options({"n_clusters": list(ks), "seeds": list(seeds)})),
            options=cli_options({key: config["clustering"][key] for key in ("init", "n_init")}),
        shell:
            "{params.command} --features {input:q} {params.clusterings} {params.options}"
            " --code-digest {params.code_digest:q} --threads {threads} --out {output:q} --log {log:q}"


# Take a clustering that was made elsewhere.
rule import_clusters:
    input:
        images="results/{dataset}/images.h5",
        sources=lambda w: watched(
            label_files.files(f"{w.features}/seed{w.run}", w.split), rules.import_clusters.output[0].format(**w)
        ),
    output:
        "results/{dataset}/clusters/{features}/{split}/run{run}.h5",
    log:
        "results/{dataset}/logs/import_clusters/{features}/{split}/run{run}.log",
    benchmark:
        "results/{dataset}/benchmarks/import_clusters/{features}/{split}/run{run}.tsv"
    wildcard_constraints:
        features=IMPORTED,
    conda:
        "../envs/features.yaml"
    threads: 1
    resources:
        mem_mb=scaled_resource(1000),
        runtime=scaled_resource(10),
    params:
        command=script_command("import_clusters.py"),
        code_digest=script_digest("import_clusters.py"),
        options=lambda w: label_files.options(f"{w.features}/seed{w.run}", w.split),
        paths=lambda w: shlex.join(
            f"--{name}={path}" for name, path in label_files.paths(f"{w.features}/seed{w.run}", w.split).items()
        ),
    shell:
        "{params.command} --images {input.images:q} --split {wildcards.split} {params.paths} {params.options}"
        " --run {wildcards.run} --out {output:q} --log {log:q}"


# Cluster halves of the images, many times, to see what other images would do. Each is clustered from several starts.
for number, ks in enumerate(targets.ks_by_job()):

    rule:
        name:
            f"cluster_halves_{number}" if number else "cluster_halves"
        input:
            "results/{dataset}/features/{features}/{split}.h5",
        output:
            update(expand("results/{{dataset}}/halves/{{features}}/{{split}}/k{k}.h5", k=ks)),
        log:
            f"results/{{dataset}}/logs/halves/{{features}}/{{split}}/k{ks[0]}.log",
        benchmark:
            f"results/{{dataset}}/benchmarks/cluster_halves/{{features}}/{{split}}/k{ks[0]}.tsv"
        conda:
            "../envs/clustering.yaml"
        threads: 1
        resources:
            mem_mb=scaled_resource(600, 2.5),
            runtime=scaled_resource(10 * len(ks), 0.2 * len(ks)),
        params:
            command=script_command("cluster_halves.py"),
            code_digest=script_digest("cluster_halves.py"),
            ks=untracked(cli_options({"n_clusters": ks})),
            options=cli_options({key: config["clustering"][key] for key in ("init", "n_init")}),
            learned=lambda w: "--learned" if targets.is_learned(w.features) else "",
        shell:
            "{params.command} --features {input:q} --space {wildcards.features}"
            " {params.ks} {params.learned} {params.options} --code-digest {params.code_digest:q}"
            " --threads {threads} --out {output:q} --log {log:q}"

    # Cluster reference points for the gap statistic: points without clusters, in the same space as the features.
    rule:
        name:
            f"gap_reference_{number}" if number else "gap_reference"
        input:
            "results/{dataset}/features/{features}/{split}.h5",
        output:
            update(expand("results/{{dataset}}/gap/{{features}}/{{split}}/k{k}.h5", k=ks)),
        log:
            f"results/{{dataset}}/logs/gap/{{features}}/{{split}}/k{ks[0]}.log",
        benchmark:
            f"results/{{dataset}}/benchmarks/gap_reference/{{features}}/{{split}}/k{ks[0]}.tsv"
        conda:
            "../envs/clustering.yaml"
        threads: 1
        resources:
            mem_mb=scaled_resource(600, 3),
            runtime=scaled_resource(10 * len(ks), 0.2 * len(ks)),
        params:
            command=script_command("gap_reference.py"),
            code_digest=script_digest("gap_reference.py"),
            ks=untracked(cli_options({"n_clusters": ks})),
            options=cli_options(
                {key: config["clustering"][key] for key in ("init", "n_init")}
                | {"references": config["evaluation"]["gap_references"] or 0}
            ),
        shell:
            "{params.command} --features {input:q} {params.ks} {params.options} --code-digest {params.code_digest:q}"
            " --threads {threads} --out {output:q} --log {log:q}"
