# Needs: results/{dataset}/images.h5.
# Makes: results/{dataset}/features/{features}/{split}.h5, and what is learned to make them.
#
# mem_mb and runtime, here and in the other rules: more than the 50,000 training images of CIFAR-10 take.


# Flatten the pixels of each image.
rule encode_pixels:
    input:
        "results/{dataset}/images.h5",
    output:
        "results/{dataset}/features/pixels/{split}.h5",
    log:
        "results/{dataset}/logs/encode_pixels/{split}.log",
    benchmark:
        "results/{dataset}/benchmarks/encode_pixels/{split}.tsv"
    conda:
        "../envs/clustering.yaml"
    threads: 1
    resources:
        mem_mb=scaled_resource(300, 6),
        runtime=scaled_resource(5),
    params:
        command=script_command("encode_pixels.py"),
        code_digest=script_digest("encode_pixels.py"),
    shell:
        "{params.command} --images {input:q} --split {wildcards.split} --out {output:q} --log {log:q}"


# Project the pixels on the principal components of the training images.
rule encode_pca:
    input:
        "results/{dataset}/images.h5",
    output:
        "results/{dataset}/features/pca/{split}.h5",
    log:
        "results/{dataset}/logs/encode_pca/{split}.log",
    benchmark:
        "results/{dataset}/benchmarks/encode_pca/{split}.tsv"
    conda:
        "../envs/features.yaml"
    threads: 1
    resources:
        mem_mb=scaled_resource(500, 12),
        runtime=scaled_resource(10, 0.5),
    params:
        command=script_command("encode_pca.py"),
        code_digest=script_digest("encode_pca.py"),
        options=cli_options(config["pca"]),
    shell:
        "{params.command} --images {input:q} --split {wildcards.split} {params.options} --out {output:q} --log {log:q}"


# Take features that were made elsewhere.
rule encode_external:
    input:
        images="results/{dataset}/images.h5",
        sources=lambda w: watched(external.files(w.features, w.split), rules.encode_external.output[0].format(**w)),
    output:
        "results/{dataset}/features/{features}/{split}.h5",
    log:
        "results/{dataset}/logs/encode_external/{features}/{split}.log",
    benchmark:
        "results/{dataset}/benchmarks/encode_external/{features}/{split}.tsv"
    wildcard_constraints:
        features=targets.features_pattern(config["external"]),
    conda:
        "../envs/features.yaml"
    threads: 1
    resources:
        mem_mb=scaled_resource(1000),
        runtime=scaled_resource(60),
    params:
        command=script_command("encode_external.py"),
        code_digest=script_digest("encode_external.py"),
        options=lambda w: external.options(w.features, w.split),
        paths=lambda w: shlex.join(
            f"--{name}={path}" for name, path in external.paths(w.features, w.split).items()
        ),
    shell:
        "{params.command} --images {input.images:q} --split {wildcards.split} {params.paths} {params.options}"
        " --out {output:q} --log {log:q}"


# Encode each image, in colour and at the encoder's size, by an encoder in an ONNX file.
rule encode_onnx:
    input:
        images="results/{dataset}/images.h5",
        archives=lambda w: sources.archives(w.dataset),
        model=lambda w: watched([encoders.path(w.features)], rules.encode_onnx.output[0].format(**w)),
    output:
        "results/{dataset}/features/{features}/{split}.h5",
    log:
        "results/{dataset}/logs/encode_onnx/{features}/{split}.log",
    benchmark:
        "results/{dataset}/benchmarks/encode_onnx/{features}/{split}.tsv"
    wildcard_constraints:
        features=targets.features_pattern(config["onnx"]),
    conda:
        "../envs/encoders.yaml"
    threads: 2
    resources:
        mem_mb=scaled_resource(4000),
        runtime=scaled_resource(240),
    params:
        command=script_command("encode_onnx.py"),
        code_digest=script_digest("encode_onnx.py"),
        options=lambda w: encoders.options(w.features),
        model=lambda w: encoders.path_option(w.features),
        dataset=lambda w: cli_options(sources.reading_settings(w.dataset)),
        origin=untracked(lambda w: shlex.join(sources.options(w.dataset, sources.archives(w.dataset)))),
    shell:
        "{params.command} --images {input.images:q} --split {wildcards.split} {params.model} {params.origin} {params.options}"
        " {params.dataset} --threads {threads} --out {output:q} --log {log:q}"


# The same, by an encoder in a Keras file.
rule encode_keras:
    input:
        images="results/{dataset}/images.h5",
        archives=lambda w: sources.archives(w.dataset),
        model=lambda w: watched([encoders.path(w.features)], rules.encode_keras.output[0].format(**w)),
    output:
        "results/{dataset}/features/{features}/{split}.h5",
    log:
        "results/{dataset}/logs/encode_keras/{features}/{split}.log",
    benchmark:
        "results/{dataset}/benchmarks/encode_keras/{features}/{split}.tsv"
    wildcard_constraints:
        features=targets.features_pattern(config["keras"]),
    conda:
        "../envs/training.yaml"
    threads: 2
    resources:
        mem_mb=scaled_resource(4000),
        runtime=scaled_resource(240),
    params:
        command=script_command("encode_keras.py"),
        code_digest=script_digest("encode_keras.py"),
        options=lambda w: encoders.options(w.features),
        model=lambda w: encoders.path_option(w.features),
        dataset=lambda w: cli_options(sources.reading_settings(w.dataset)),
        origin=untracked(lambda w: shlex.join(sources.options(w.dataset, sources.archives(w.dataset)))),
    shell:
        "{params.command} --images {input.images:q} --split {wildcards.split} {params.model} {params.origin} {params.options}"
        " {params.dataset} --threads {threads} --out {output:q} --log {log:q}"


# Make features by a program of the user's own. Its code is followed as that of the scripts here.
rule encode_script:
    input:
        "results/{dataset}/images.h5",
    output:
        "results/{dataset}/features/{features}/{split}.h5",
    log:
        "results/{dataset}/logs/encode_script/{features}/{split}.log",
    benchmark:
        "results/{dataset}/benchmarks/encode_script/{features}/{split}.tsv"
    wildcard_constraints:
        features=targets.features_pattern(config["script"]),
    conda:
        "../envs/features.yaml"
    threads: 2
    resources:
        mem_mb=scaled_resource(4000, 20),
        runtime=scaled_resource(240),
    params:
        command=script_command("encode_script.py"),
        code_digest=script_digest("encode_script.py"),
        program_digest=lambda w: programs.digest(w.features),
        program=untracked(lambda w: programs.path_option(w.features)),
        options=lambda w: programs.options(w.features),
    shell:
        "{params.command} --images {input:q} --split {wildcards.split} {params.program} {params.options}"
        " --out {output:q} --log {log:q}"


# Learn a dictionary of typical patches from the training images, by k-means.
rule learn_dictionary:
    input:
        "results/{dataset}/images.h5",
    output:
        "results/{dataset}/patches/seed{model_seed}/dictionary.h5",
    log:
        "results/{dataset}/logs/learn_dictionary/seed{model_seed}.log",
    benchmark:
        "results/{dataset}/benchmarks/learn_dictionary/seed{model_seed}.tsv"
    conda:
        "../envs/features.yaml"
    threads: 2
    resources:
        mem_mb=scaled_resource(1000, 4),
        runtime=scaled_resource(20),
    params:
        command=script_command("learn_dictionary.py"),
        code_digest=script_digest("learn_dictionary.py"),
        options=lambda w: cli_options(
            {key: config["patches"][key] for key in ("size", "n_atoms")}
            | ({"downsampling": scales} if (scales := config["patches"]["downsampling"]) else {})
            | {"seed": w.model_seed}
        ),
    shell:
        "{params.command} --images {input:q} {params.options} --threads {threads} --out {output:q} --log {log:q}"


# Encode each image by how much of each typical patch is in each of its quarters.
rule encode_patches:
    input:
        images="results/{dataset}/images.h5",
        dictionary="results/{dataset}/patches/seed{model_seed}/dictionary.h5",
    output:
        "results/{dataset}/features/patches/seed{model_seed}/{split}.h5",
    log:
        "results/{dataset}/logs/encode_patches/seed{model_seed}/{split}.log",
    benchmark:
        "results/{dataset}/benchmarks/encode_patches/seed{model_seed}/{split}.tsv"
    conda:
        "../envs/features.yaml"
    threads: 2
    resources:
        mem_mb=scaled_resource(2000, 20),
        runtime=scaled_resource(20, 0.5),
    params:
        command=script_command("encode_patches.py"),
        code_digest=script_digest("encode_patches.py"),
        options=lambda w: cli_options(
            {key: config["patches"][key] for key in ("n_images", "n_components")} | {"seed": w.model_seed}
        ),
    shell:
        "{params.command} --images {input.images:q} --split {wildcards.split} --dictionary {input.dictionary:q} {params.options}"
        " --threads {threads} --out {output:q} --log {log:q}"


scattergather:
    views=config["invariant"]["n_chunks"],


# Learn which directions of the codes of strips tell images apart.
rule learn_strips:
    input:
        images="results/{dataset}/images.h5",
        dictionary="results/{dataset}/patches/seed{model_seed}/dictionary.h5",
    output:
        "results/{dataset}/invariant/seed{model_seed}/strips.h5",
    log:
        "results/{dataset}/logs/learn_strips/seed{model_seed}.log",
    benchmark:
        "results/{dataset}/benchmarks/learn_strips/seed{model_seed}.tsv"
    conda:
        "../envs/features.yaml"
    threads: 2
    resources:
        mem_mb=scaled_resource(1000 + covariances_mb(2 * config["patches"]["n_atoms"]), 4),
        runtime=scaled_resource(120),
    params:
        command=script_command("learn_strips.py"),
        code_digest=script_digest("learn_strips.py"),
        options=lambda w: cli_options(
            {key: config["invariant"][key] for key in ("n_images", "n_views")} | {"seed": w.model_seed}
        ),
    shell:
        "{params.command} --images {input.images:q} --dictionary {input.dictionary:q} {params.options}"
        " --threads {threads} --out {output:q} --log {log:q}"


# Encode views of a chunk of the training images.
rule make_views:
    input:
        images="results/{dataset}/images.h5",
        dictionary="results/{dataset}/patches/seed{model_seed}/dictionary.h5",
        strips="results/{dataset}/invariant/seed{model_seed}/strips.h5",
    output:
        temp("results/{dataset}/invariant/seed{model_seed}/views/{scatteritem}.h5"),
    log:
        "results/{dataset}/logs/make_views/seed{model_seed}/{scatteritem}.log",
    benchmark:
        "results/{dataset}/benchmarks/make_views/seed{model_seed}/{scatteritem}.tsv"
    conda:
        "../envs/features.yaml"
    threads: 2
    resources:
        mem_mb=scaled_resource(500 + 1.5 * views_mb() / config["invariant"]["n_chunks"], 4),
        runtime=scaled_resource(120),
    params:
        command=script_command("make_views.py"),
        code_digest=script_digest("make_views.py"),
        options=lambda w: cli_options(
            {key: config["invariant"][key] for key in ("n_images", "n_views")} | {"seed": w.model_seed}
        ),
    shell:
        "{params.command} --images {input.images:q} --dictionary {input.dictionary:q} --strips {input.strips:q}"
        " {params.options} --chunk {wildcards.scatteritem} --threads {threads} --out {output:q} --log {log:q}"


# Learn what stays the same between views of a training image.
rule learn_invariant:
    input:
        gather.views("results/{{dataset}}/invariant/seed{{model_seed}}/views/{scatteritem}.h5"),
    output:
        "results/{dataset}/invariant/seed{model_seed}/encoder.h5",
    log:
        "results/{dataset}/logs/learn_invariant/seed{model_seed}.log",
    benchmark:
        "results/{dataset}/benchmarks/learn_invariant/seed{model_seed}.tsv"
    conda:
        "../envs/features.yaml"
    threads: 2
    resources:
        mem_mb=scaled_resource(500 + 3 * views_mb() + covariances_mb(256 + config["invariant"]["n_prototypes"])),
        runtime=scaled_resource(120),
    params:
        command=script_command("learn_invariant.py"),
        code_digest=script_digest("learn_invariant.py"),
        options=lambda w: cli_options(
            {key: config["invariant"][key] for key in ("n_prototypes", "n_components")} | {"seed": w.model_seed}
        ),
    shell:
        "{params.command} --views {input:q} {params.options} --threads {threads} --out {output:q} --log {log:q}"


# Encode each image by what stays the same between views of it.
rule encode_invariant:
    input:
        images="results/{dataset}/images.h5",
        dictionary="results/{dataset}/patches/seed{model_seed}/dictionary.h5",
        strips="results/{dataset}/invariant/seed{model_seed}/strips.h5",
        encoder="results/{dataset}/invariant/seed{model_seed}/encoder.h5",
    output:
        "results/{dataset}/features/invariant/seed{model_seed}/{split}.h5",
    log:
        "results/{dataset}/logs/encode_invariant/seed{model_seed}/{split}.log",
    benchmark:
        "results/{dataset}/benchmarks/encode_invariant/seed{model_seed}/{split}.tsv"
    conda:
        "../envs/features.yaml"
    threads: 2
    resources:
        mem_mb=scaled_resource(1000, 4),
        runtime=scaled_resource(20, 0.5),
    params:
        command=script_command("encode_invariant.py"),
        code_digest=script_digest("encode_invariant.py"),
    shell:
        "{params.command} --images {input.images:q} --split {wildcards.split} --dictionary {input.dictionary:q}"
        " --strips {input.strips:q} --encoder {input.encoder:q} --threads {threads} --out {output:q} --log {log:q}"


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
        mem_mb=scaled_resource(1000, 8),
        runtime=scaled_resource(30, 1.5),
    params:
        command=script_command("train.py"),
        code_digest=script_digest("train.py"),
        options=lambda w: cli_options(
            {key: value for key, value in config["autoencoder"].items() if key != "seeds"}
            | {"seed": w.model_seed}
        ),
    shell:
        "{params.command} --images {input:q} {params.options}"
        " --model {output.model:q} --history {output.history:q} --summary {output.summary:q}"
        " --examples {output.examples:q} --log {log:q}"


# Encode each image by the trained encoder: its code.
rule encode_autoencoder:
    input:
        images="results/{dataset}/images.h5",
        model="results/{dataset}/autoencoder/seed{model_seed}/model.keras",
    output:
        "results/{dataset}/features/autoencoder/seed{model_seed}/{split}.h5",
    log:
        "results/{dataset}/logs/encode_autoencoder/seed{model_seed}/{split}.log",
    benchmark:
        "results/{dataset}/benchmarks/encode_autoencoder/seed{model_seed}/{split}.tsv"
    conda:
        "../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=scaled_resource(1000, 8),
        runtime=scaled_resource(10),
    params:
        command=script_command("encode_autoencoder.py"),
        code_digest=script_digest("encode_autoencoder.py"),
    shell:
        "{params.command} --images {input.images:q} --split {wildcards.split} --model {input.model:q}"
        " --out {output:q} --log {log:q}"
