# Needs: the `source` of the dataset, an archive or a folder, or nothing where its images are bundled.
# Makes: results/archives/{archive}, results/{dataset}/images.h5.


# Bring the archive of a dataset here and check it.
#
# Neither the code nor the environment of the downloader, and with a known SHA-256 not even the
# source, says anything about the bytes: none of them is a reason to download again.
rule download:
    input:
        lambda w: local_source(w.archive),
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
        mem_mb=growing(200),
        runtime=growing(60),
    params:
        run=program("download.py"),
        sha256=lambda w: options({"sha256": s} if (s := dataset_of(w.archive)["sha256"]) else {}),
        # With `input` among its arguments, a param is no reason to run again.
        source=lambda w, input: dataset_of(w.archive)["source"],
    shell:
        "{params.run} --source={params.source:q} {params.sha256} --out {output:q} --log {log:q}"


# Turn the images of a dataset, whatever they come in, into grayscale.
#
# mem_mb: a photo of 100 megapixels, and half as much again.
rule grayscale:
    input:
        lambda w: archive_of(w.dataset),
    output:
        "results/{dataset}/images.h5",
    log:
        "results/{dataset}/logs/grayscale.log",
    benchmark:
        "results/{dataset}/benchmarks/grayscale.tsv"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=growing(1200),
        runtime=growing(120),
    params:
        run=program("grayscale.py"),
        code=code("grayscale.py"),
        options=lambda w: options(
            {k: v for k, v in config["datasets"][w.dataset].items() if k not in ("source", "sha256")}
        ),
        content=lambda w: content_of(w.dataset),
        # Where the bytes came from is kept with the images, but is no reason to make them again.
        # With `=`, as a path may begin with a dash.
        origin=lambda w, input: shlex.join(
            [f"--archive={file}" for file in input]
            + [f"--source={v}" for k, v in config["datasets"][w.dataset].items() if k == "source"]
        ),
    shell:
        "{params.run} {params.options} {params.origin} --out {output:q} --log {log:q}"
