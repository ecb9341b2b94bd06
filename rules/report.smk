# Needs: results/{dataset}/ with all tables and figures.
# Makes: results/{dataset}/report.html.


# The answer, with all that it rests on, in one file.
rule write_report:
    input:
        "results/{dataset}/images.h5",
        expand("results/{{dataset}}/{table}.csv", table=["metrics", "summary", "comparison"]),
        expand("results/{{dataset}}/{file}", file=figures()),
        expand(
            "results/{{dataset}}/{model}/{file}",
            model=models(),
            file=["history.csv", "summary.txt", "examples.h5"],
        ),
        learnt=expand("results/{{dataset}}/{file}", file=learnt()),
    output:
        "results/{dataset}/report.html",
    log:
        "results/{dataset}/logs/write_report.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=growing(10),
    params:
        run=program("write_report.py"),
        code=code("write_report.py"),
        texts=text_digest("scripts/templates", "rules/captions"),
        runs=runs(),
        results=lambda wildcards, input: str(Path(input[0]).parent),
        k=shown_k(),
        captions=lambda wildcards, input: str(BASE / "rules" / "captions"),
        # Settings that matter change what the report is made of. The others are shown, but no reason to make it again.
        config=lambda wildcards, input: settings_of(wildcards.dataset),
    shell:
        "{params.run} --results {params.results:q} {params.runs} --shown-k {params.k}"
        " --learnt {input.learnt:q} --captions {params.captions:q} --config {params.config:q} --out {output:q} --log {log:q}"
