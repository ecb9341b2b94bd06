# Needs: results/{dataset}/images.h5.
# Makes: results/{dataset}/features/{features}.h5, and the autoencoder that makes its own.


# The pixels themselves, flattened.
rule pixels:
    input:
        "results/{dataset}/images.h5",
    output:
        "results/{dataset}/features/pixels.h5",
    params:
        code=code("pixels.py"),
    log:
        "results/{dataset}/logs/pixels.log",
    benchmark:
        "results/{dataset}/benchmarks/pixels.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    conda:
        "../envs/clustering.yaml"
    shell:
        "{PYTHON:q} {SCRIPTS:q}/pixels.py --images {input:q} --out {output:q} --log {log:q}"


# Train the autoencoder on the training images.
rule train:
    input:
        "results/{dataset}/images.h5",
    output:
        model="results/{dataset}/autoencoder/model.keras",
        history="results/{dataset}/autoencoder/history.csv",
    params:
        code=code("train.py"),
        options=options(config["autoencoder"]),
    log:
        "results/{dataset}/logs/train.log",
    benchmark:
        "results/{dataset}/benchmarks/train.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=120,
    conda:
        "../envs/training.yaml"
    shell:
        "{PYTHON:q} {SCRIPTS:q}/train.py --images {input:q} {params.options}"
        " --model {output.model:q} --history {output.history:q} --log {log:q}"


# The code that the trained encoder gives each image.
rule embed:
    input:
        images="results/{dataset}/images.h5",
        model="results/{dataset}/autoencoder/model.keras",
    output:
        "results/{dataset}/features/autoencoder.h5",
    params:
        code=code("embed.py"),
    log:
        "results/{dataset}/logs/embed.log",
    benchmark:
        "results/{dataset}/benchmarks/embed.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    conda:
        "../envs/training.yaml"
    shell:
        "{PYTHON:q} {SCRIPTS:q}/embed.py --images {input.images:q} --model {input.model:q}"
        " --out {output:q} --log {log:q}"
