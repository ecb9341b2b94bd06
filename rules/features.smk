# Needs: results/{dataset}/images.h5.
# Makes: results/{dataset}/features/{features}/{split}.h5, and the autoencoder that makes its own, with figures of it.
#
# mem_mb and runtime, here and in the other rules: what the 50,000 training images of CIFAR-10 took, and more than that.


# The pixels themselves, flattened.
rule pixels:
    input:
        "results/{dataset}/images.h5",
    output:
        "results/{dataset}/features/pixels/{split}.h5",
    log:
        "results/{dataset}/logs/pixels/{split}.log",
    benchmark:
        "results/{dataset}/benchmarks/pixels/{split}.tsv"
    conda:
        "../envs/clustering.yaml"
    threads: 1
    resources:
        mem_mb=growing(300, 6),
        runtime=growing(5),
    params:
        run=program("pixels.py"),
        code=code("pixels.py"),
    shell:
        "{params.run} --images {input:q} --split {wildcards.split} --out {output:q} --log {log:q}"


# Train the autoencoder on the training images.
rule train:
    input:
        "results/{dataset}/images.h5",
    output:
        model="results/{dataset}/autoencoder/seed{model_seed}/model.keras",
        history="results/{dataset}/autoencoder/seed{model_seed}/history.csv",
        summary="results/{dataset}/autoencoder/seed{model_seed}/summary.txt",
        examples="results/{dataset}/autoencoder/seed{model_seed}/examples.h5",
    log:
        "results/{dataset}/logs/train/seed{model_seed}.log",
    benchmark:
        "results/{dataset}/benchmarks/train/seed{model_seed}.tsv"
    conda:
        "../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000, 8),
        runtime=growing(30, 1.5),
    params:
        run=program("train.py"),
        code=code("train.py"),
        options=lambda w: options(
            {key: value for key, value in config["autoencoder"].items() if key != "seeds"}
            | {"seed": w.model_seed}
        ),
    shell:
        "{params.run} --images {input:q} {params.options}"
        " --model {output.model:q} --history {output.history:q} --summary {output.summary:q}"
        " --examples {output.examples:q} --log {log:q}"


# The code that the trained encoder gives each image.
rule embed:
    input:
        images="results/{dataset}/images.h5",
        model="results/{dataset}/autoencoder/seed{model_seed}/model.keras",
    output:
        "results/{dataset}/features/autoencoder/seed{model_seed}/{split}.h5",
    log:
        "results/{dataset}/logs/embed/seed{model_seed}/{split}.log",
    benchmark:
        "results/{dataset}/benchmarks/embed/seed{model_seed}/{split}.tsv"
    conda:
        "../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000, 8),
        runtime=growing(10),
    params:
        run=program("embed.py"),
        code=code("embed.py"),
    shell:
        "{params.run} --images {input.images:q} --split {wildcards.split} --model {input.model:q}"
        " --out {output:q} --log {log:q}"


# How the autoencoder learned, and what it makes of some test images.
rule draw_autoencoder:
    input:
        history="results/{dataset}/autoencoder/seed{model_seed}/history.csv",
        examples="results/{dataset}/autoencoder/seed{model_seed}/examples.h5",
    output:
        loss=report(
            "results/{dataset}/autoencoder/seed{model_seed}/loss.png",
            caption="captions/loss.rst",
            category="Autoencoder",
            labels={"figure": "loss", "model seed": "{model_seed}"},
        ),
        reconstructions=report(
            "results/{dataset}/autoencoder/seed{model_seed}/reconstructions.png",
            caption="captions/reconstructions.rst",
            category="Autoencoder",
            labels={"figure": "reconstructions", "model seed": "{model_seed}"},
        ),
    log:
        "results/{dataset}/logs/draw_autoencoder/seed{model_seed}.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=growing(300),
        runtime=growing(5),
    params:
        run=program("draw_autoencoder.py"),
        code=code("draw_autoencoder.py"),
    shell:
        "{params.run} --history {input.history:q} --examples {input.examples:q}"
        " --loss {output.loss:q} --reconstructions {output.reconstructions:q} --log {log:q}"
