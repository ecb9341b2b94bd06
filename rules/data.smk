# Needs: the `source` of the dataset, an archive or a folder. The digits of scikit-learn need none.
# Makes: results/archives/{archive}, results/{dataset}/images.h5 and images.csv.


# Download or copy the archive of a dataset, and check it.
#
# The code and the environment of the downloader say nothing about the bytes, and so are no reason to download again.
# With a known SHA-256, neither is the source.
rule download:
    input:
        # `local`: the path is the user's, and not below the `prefix` that another workflow may give this one.
        lambda w: [local(file) for file in sources.local_files(w.archive, rules.download.output[0].format(**w))],
    output:
        "results/archives/{archive}",
    log:
        "results/archives/{archive}.log",
    benchmark:
        "results/archives/{archive}.tsv"
    # On a cluster, where Snakemake runs: the other nodes may have no internet.
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=scaled_resource(200),
        runtime=scaled_resource(60),
    params:
        command=script_command("download.py"),
        sha256=lambda w: cli_options({"sha256": s} if (s := sources.of_archive(w.archive).get("sha256")) else {}),
        source=untracked(lambda w: sources.of_archive(w.archive)["source"]),
    shell:
        "{params.command} --source={params.source:q} {params.sha256} --out {output:q} --log {log:q}"


# Turn the images of a dataset, whatever their format, into arrays of gray levels or colours.
#
# mem_mb: what a photo of 100 megapixels takes, and half as much again.
rule prepare_images:
    input:
        lambda w: sources.archives(w.dataset),
    output:
        "results/{dataset}/images.h5",
    log:
        "results/{dataset}/logs/prepare_images.log",
    benchmark:
        "results/{dataset}/benchmarks/prepare_images.tsv"
    wildcard_constraints:
        dataset=sources.pattern(vectors=False),
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=scaled_resource(1200),
        runtime=scaled_resource(120),
    params:
        command=script_command("prepare_images.py"),
        code_digest=script_digest("prepare_images.py"),
        options=lambda w: cli_options(sources.making_settings(w.dataset)),
        content=lambda w: sources.photos_digest(w.dataset, rules.prepare_images.output[0].format(**w)),
        # Untracked, for it asks for `input`: another path to the same bytes is no reason to make the images again, nor
        # are classes that the scores do not see.
        origin=lambda w, input: shlex.join(sources.options(w.dataset, input)),
        # Images that are there are enough for most other numbers of clusters.
        clustered=untracked(
            cli_options(
                {
                    "n_clusters": config["clustering"]["n_clusters"],
                    "clustered_splits": clustered_splits(config),
                }
            )
        ),
    shell:
        "{params.command} {params.options} {params.origin} {params.clustered} --out {output:q} --log {log:q}"


# Note what is known of vectors without images: how many there are, their names and their classes.
rule prepare_vectors:
    input:
        lambda w: watched(vectors.paths(w.dataset).values(), rules.prepare_vectors.output[0].format(**w)),
    output:
        "results/{dataset}/images.h5",
    log:
        "results/{dataset}/logs/prepare_vectors.log",
    wildcard_constraints:
        dataset=sources.pattern(vectors=True),
    conda:
        "../envs/features.yaml"
    threads: 1
    resources:
        mem_mb=scaled_resource(1000),
        runtime=scaled_resource(20),
    params:
        command=script_command("prepare_vectors.py"),
        code_digest=script_digest("prepare_vectors.py"),
        paths=lambda w: shlex.join(f"--{name}={path}" for name, path in vectors.paths(w.dataset).items()),
        options=lambda w: vectors.options(w.dataset),
        clustered=untracked(cli_options({"n_clusters": config["clustering"]["n_clusters"]})),
    shell:
        "{params.command} {params.paths} {params.options} {params.clustered} --out {output:q} --log {log:q}"


# List the images, in the order in which features that were made elsewhere have their rows.
rule list_images:
    input:
        "results/{dataset}/images.h5",
    output:
        "results/{dataset}/images.csv",
    log:
        "results/{dataset}/logs/list_images.log",
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=scaled_resource(500),
        runtime=scaled_resource(5),
    params:
        command=script_command("list_images.py"),
        code_digest=script_digest("list_images.py"),
        classes=classes_option,
    shell:
        "{params.command} --images {input:q} {params.classes} --out {output:q} --log {log:q}"
