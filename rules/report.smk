# Needs: results/{dataset}/ with all tables and figures.
# Makes: results/{dataset}/report.html.


# Write the answer, with all that it rests on, into one HTML file.
rule write_report:
    input:
        "results/{dataset}/images.h5",
        expand("results/{{dataset}}/{table}.csv", table=["metrics", "summary", "comparison"]),
        expand("results/{{dataset}}/{file}", file=targets.figures()),
        expand("results/{{dataset}}/figures/{clustering}/map.csv", clustering=targets.shown_clusterings()),
        expand("results/{{dataset}}/clusters/{clustering}.h5", clustering=targets.shown_clusterings()),
        expand(
            "results/{{dataset}}/{model}/{file}",
            model=targets.autoencoders(),
            file=["history.csv", "summary.txt", "examples.h5"],
        ),
        learned=expand("results/{{dataset}}/{file}", file=targets.learned_files()),
    output:
        "results/{dataset}/report.html",
    log:
        "results/{dataset}/logs/write_report.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=scaled_resource(500),
        runtime=scaled_resource(10),
    params:
        command=script_command("write_report.py"),
        code_digest=script_digest("write_report.py"),
        texts=f"texts of the report ({text_digest(SCRIPTS / 'templates', BASE / 'rules' / 'captions')})",
        layout=cli_options(targets.layout_options()),
        results=results_folder,
        k=f"--shown-k {targets.shown_k()}",
        captions=untracked(str(BASE / "rules" / "captions")),
        # A setting that matters changes the input too. The others are shown, but are no reason to write it again.
        config=untracked(lambda w: json.dumps(targets.settings_of(w.dataset), ensure_ascii=False)),
    shell:
        "{params.command} --results {params.results:q} {params.layout} {params.k}"
        " --learned {input.learned:q} --captions {params.captions:q} --config {params.config:q} --out {output:q} --log {log:q}"
