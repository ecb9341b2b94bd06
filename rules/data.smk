# Needs: the `source` of the dataset, an archive or a folder, or nothing where its images are bundled.
# Makes: results/archives/{archive}, results/{dataset}/images.h5.


# Bring the archive of a dataset here and check it.
#
# Neither the code nor the environment of the downloader, and with a known SHA-256 not even the
# source, says anything about the bytes: none of them is a reason to download again.
rule download:
    input:
        # `local`: a path of the user's, which no `prefix` of another workflow concerns.
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
        sha256=lambda w: cli_options({"sha256": s} if (s := sources.of_archive(w.archive)["sha256"]) else {}),
        source=untracked(lambda w: sources.of_archive(w.archive)["source"]),
    shell:
        "{params.command} --source={params.source:q} {params.sha256} --out {output:q} --log {log:q}"


# Turn the images of a dataset, whatever they come in, into gray levels, or keep their colours.
#
# mem_mb: a photo of 100 megapixels, and half as much again.
rule prepare_images:
    input:
        lambda w: sources.archives(w.dataset),
    output:
        "results/{dataset}/images.h5",
    log:
        "results/{dataset}/logs/prepare_images.log",
    benchmark:
        "results/{dataset}/benchmarks/prepare_images.tsv"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=scaled_resource(1200),
        runtime=scaled_resource(120),
    params:
        command=script_command("prepare_images.py"),
        code_digest=script_digest("prepare_images.py"),
        options=lambda w: cli_options(
            {k: v for k, v in config["datasets"][w.dataset].items() if k not in ("source", "sha256")}
        ),
        content=lambda w: sources.photos_digest(w.dataset, rules.prepare_images.output[0].format(**w)),
        # It asks for `input`, so it is no reason to make the images again.
        origin=lambda w, input: shlex.join(sources.options(w.dataset, input)),
    shell:
        "{params.command} {params.options} {params.origin} --out {output:q} --log {log:q}"
