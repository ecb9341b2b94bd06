# Needs: results/{dataset}/images.csv, images.h5, features/, clusters/ and metrics/.
# Makes: results/{dataset}/assignments.csv; if asked for, results/{dataset}/export/.


# List which image is in which cluster.
rule list_assignments:
    input:
        "results/{dataset}/images.h5",
        images="results/{dataset}/images.csv",
        features=expand("results/{{dataset}}/features/{features}.h5", features=targets.shown_features()),
        clusters=expand("results/{{dataset}}/clusters/{clustering}.h5", clustering=targets.assigned_clusterings()),
        scores=expand("results/{{dataset}}/metrics/{scores}.h5", scores=targets.shown_scores()),
    output:
        "results/{dataset}/assignments.csv",
    log:
        "results/{dataset}/logs/list_assignments.log",
    conda:
        "../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=scaled_resource(500, 4),
        runtime=scaled_resource(10, 0.2),
    params:
        command=script_command("list_assignments.py"),
        code_digest=script_digest("list_assignments.py"),
        layout=cli_options(targets.layout_options()),
        results=results_folder,
        shown=cli_options({"shown": targets.shown_clusterings(), "shown_space": targets.shown_space()}),
        all="--all" if config["report"]["assignments"] == "all" else "",
    shell:
        "{params.command} --results {params.results:q} {params.layout} {params.shown} {params.all}"
        " --images {input.images:q} --out {output:q} --log {log:q}"


# Sort the images of some clusterings into a folder for each cluster. It has no output, and so runs whenever it is
# asked for: it changes nothing that is there, and Snakemake removes nothing of it.
rule export:
    input:
        expand("results/{dataset}/images.h5", dataset=config["dataset"]),
        expand(
            "results/{dataset}/clusters/{clustering}.h5",
            dataset=config["dataset"],
            clustering=targets.exported_clusterings(),
        ),
    log:
        expand("results/{dataset}/logs/export.log", dataset=config["dataset"]),
    # On a cluster, where Snakemake runs: links take no time.
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=scaled_resource(500),
        runtime=scaled_resource(60),
    params:
        command=script_command("export.py"),
        layout=cli_options(targets.layout_options()),
        results=results_folder,
        clusterings=cli_options({"clusterings": targets.exported_clusterings()}),
        photos=shlex.join(sources.photos_options(config["dataset"])),
        copies="--copy" if config["export"]["copy"] else "",
    shell:
        "{params.command} --results {params.results:q} {params.layout} {params.clusterings} {params.photos} {params.copies}"
        " --log {log:q}"
