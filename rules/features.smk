# Needs: results/{dataset}/images.h5.
# Makes: results/{dataset}/features/{features}/{split}.h5, and what was learnt to make them.
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


# The principal components of the pixels.
rule pca:
    input:
        "results/{dataset}/images.h5",
    output:
        "results/{dataset}/features/pca/{split}.h5",
    log:
        "results/{dataset}/logs/pca/{split}.log",
    benchmark:
        "results/{dataset}/benchmarks/pca/{split}.tsv"
    conda:
        "../envs/features.yaml"
    threads: 1
    resources:
        mem_mb=growing(500, 12),
        runtime=growing(10, 0.5),
    params:
        run=program("pca.py"),
        code=code("pca.py"),
        options=options(config["pca"]),
    shell:
        "{params.run} --images {input:q} --split {wildcards.split} {params.options} --out {output:q} --log {log:q}"


# Typical patches of the training images.
rule learn_words:
    input:
        "results/{dataset}/images.h5",
    output:
        "results/{dataset}/patches/seed{model_seed}/words.h5",
    log:
        "results/{dataset}/logs/learn_words/seed{model_seed}.log",
    benchmark:
        "results/{dataset}/benchmarks/learn_words/seed{model_seed}.tsv"
    conda:
        "../envs/features.yaml"
    threads: 2
    resources:
        mem_mb=growing(1000, 4),
        runtime=growing(20),
    params:
        run=program("learn_words.py"),
        code=code("learn_words.py"),
        options=lambda w: options(
            {key: config["patches"][key] for key in ("size", "reductions", "n_words")} | {"seed": w.model_seed}
        ),
    shell:
        "{params.run} --images {input:q} {params.options} --threads {threads} --out {output:q} --log {log:q}"


# How much of each typical patch is in each quarter of an image.
rule patches:
    input:
        images="results/{dataset}/images.h5",
        words="results/{dataset}/patches/seed{model_seed}/words.h5",
    output:
        "results/{dataset}/features/patches/seed{model_seed}/{split}.h5",
    log:
        "results/{dataset}/logs/patches/seed{model_seed}/{split}.log",
    benchmark:
        "results/{dataset}/benchmarks/patches/seed{model_seed}/{split}.tsv"
    conda:
        "../envs/features.yaml"
    threads: 2
    resources:
        mem_mb=growing(2000, 20),
        runtime=growing(20, 0.5),
    params:
        run=program("patches.py"),
        code=code("patches.py"),
        options=lambda w: options(
            {key: config["patches"][key] for key in ("n_images", "n_components")} | {"seed": w.model_seed}
        ),
    shell:
        "{params.run} --images {input.images:q} --split {wildcards.split} --words {input.words:q} {params.options}"
        " --threads {threads} --out {output:q} --log {log:q}"


# What stays the same between views of a training image.
rule learn_views:
    input:
        images="results/{dataset}/images.h5",
        words="results/{dataset}/patches/seed{model_seed}/words.h5",
    output:
        "results/{dataset}/views/seed{model_seed}/encoder.h5",
    log:
        "results/{dataset}/logs/learn_views/seed{model_seed}.log",
    benchmark:
        "results/{dataset}/benchmarks/learn_views/seed{model_seed}.tsv"
    conda:
        "../envs/features.yaml"
    threads: 2
    resources:
        mem_mb=growing(3000, 5),
        runtime=growing(60, 1),
    params:
        run=program("learn_views.py"),
        code=code("learn_views.py"),
        options=lambda w: options(
            {key: value for key, value in config["views"].items() if key != "seeds"} | {"seed": w.model_seed}
        ),
    shell:
        "{params.run} --images {input.images:q} --words {input.words:q} {params.options}"
        " --threads {threads} --out {output:q} --log {log:q}"


# Each image, by what stays the same between views of it.
rule views:
    input:
        images="results/{dataset}/images.h5",
        words="results/{dataset}/patches/seed{model_seed}/words.h5",
        encoder="results/{dataset}/views/seed{model_seed}/encoder.h5",
    output:
        "results/{dataset}/features/views/seed{model_seed}/{split}.h5",
    log:
        "results/{dataset}/logs/views/seed{model_seed}/{split}.log",
    benchmark:
        "results/{dataset}/benchmarks/views/seed{model_seed}/{split}.tsv"
    conda:
        "../envs/features.yaml"
    threads: 2
    resources:
        mem_mb=growing(1000, 4),
        runtime=growing(20, 0.5),
    params:
        run=program("views.py"),
        code=code("views.py"),
    shell:
        "{params.run} --images {input.images:q} --split {wildcards.split} --words {input.words:q}"
        " --encoder {input.encoder:q} --threads {threads} --out {output:q} --log {log:q}"


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
