# Needs: the `source` of the dataset, an archive or a folder, or nothing where its images are bundled.
# Makes: results/archives/{archive}, results/{dataset}/images.h5.
import hashlib
import os

from lib.data.folder import folder_digest as digest_of_folder
from lib.data.source import local_path


def archive_of(dataset):
    """The archive of a dataset, by content, so that datasets share one; none where images are in no archive."""
    settings = config["datasets"][dataset]
    if "sha256" not in settings:
        return []
    source = settings["source"] + state_of(settings["source"])
    key = settings["sha256"] or hashlib.sha256(source.encode()).hexdigest()
    return f"results/archives/{key[:16]}"


def state_of(source):
    """Size and time of a local file that Snakemake cannot watch: it takes braces in an input for wildcards."""
    path = local_path(source)
    if path is None or "{" not in str(path) or not os.path.exists(path):
        return ""
    return f" {path.stat().st_size} {path.stat().st_mtime_ns}"


def dataset_of(archive):
    """The settings of the first dataset that comes from an archive."""
    path = f"results/archives/{archive}"
    return next(settings for name, settings in config["datasets"].items() if archive_of(name) == path)


def local_source(archive):
    """The file that `source` names, for Snakemake to see its bytes change, if nothing else vouches for them."""
    settings = dataset_of(archive)
    path = local_path(settings["source"])
    if settings["sha256"] or path is None or "{" in str(path):
        return []
    # Where it is missing from the start, the script says so better than Snakemake would.
    return str(path) if os.path.exists(path) or Path(f"results/archives/{archive}").exists() else []


def unverified_archive(dataset):
    """The archive of a dataset, if no checksum says that what was once made of it is still right."""
    return [] if config["datasets"][dataset].get("sha256") else archive_of(dataset)


def folder_digest(dataset):
    """What the images of a folder depend on in it: the name, size and time of each photo."""
    settings = config["datasets"][dataset]
    if settings["format"] != "folder":
        return ""
    try:
        return digest_of_folder(Path(settings["source"]))
    except (InputError, OSError) as error:
        # Where it is missing from the start, the script says so. Once it was there, it may only be
        # unplugged, and what was made of it is no longer to be had.
        if Path(f"results/{dataset}/images.h5").exists():
            sys.exit(f"config: datasets.{dataset}: {error}; what was made of it stays as it is")
        return ""


def source_options(dataset, archives):
    """Where the bytes come from, which is kept with the images. With `=`, as a path may begin with a dash."""
    settings = config["datasets"][dataset]
    options = [f"--archive={file}" for file in archives]
    return shlex.join(options + ([f"--source={settings['source']}"] if "source" in settings else []))


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
        mem_mb=scaled_resource(200),
        runtime=scaled_resource(60),
    params:
        command=script_command("download.py"),
        sha256=lambda w: cli_options({"sha256": s} if (s := dataset_of(w.archive)["sha256"]) else {}),
        source=untracked(lambda w: dataset_of(w.archive)["source"]),
    shell:
        "{params.command} --source={params.source:q} {params.sha256} --out {output:q} --log {log:q}"


# Turn the images of a dataset, whatever they come in, into gray levels, or keep their colours.
#
# mem_mb: a photo of 100 megapixels, and half as much again.
rule prepare_images:
    input:
        lambda w: archive_of(w.dataset),
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
        code=code("prepare_images.py"),
        options=lambda w: cli_options(
            {k: v for k, v in config["datasets"][w.dataset].items() if k not in ("source", "sha256")}
        ),
        content=lambda w: folder_digest(w.dataset),
        # It asks for `input`, so it is no reason to make the images again.
        origin=lambda w, input: source_options(w.dataset, input),
    shell:
        "{params.command} {params.options} {params.origin} --out {output:q} --log {log:q}"
