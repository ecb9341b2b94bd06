# Needs: results/{dataset}/summary.csv and comparison.csv; of the clusterings to show, their images, features, clusters and scores.
# Makes: results/{dataset}/figures/, and results/{dataset}/centroids/ for them.


# Draw the answer: the differences that decide, with their intervals.
rule draw_answer:
    input:
        "results/{dataset}/comparison.csv",
    output:
        report(
            "results/{dataset}/figures/answer.png",
            caption="captions/answer.rst",
            category="Scores",
            labels={"figure": "answer"},
        ),
    log:
        "results/{dataset}/logs/draw_answer.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=scaled_resource(400),
        runtime=scaled_resource(5),
    params:
        command=script_command("draw_answer.py"),
        code_digest=script_digest("draw_answer.py"),
        negligible=cli_options({"negligible": config["report"]["negligible"]}),
    shell:
        "{params.command} --comparison {input:q} {params.negligible} --out {output:q} --log {log:q}"


# Draw all scores against the number of clusters.
rule draw_scores:
    input:
        "results/{dataset}/summary.csv",
    output:
        report(
            "results/{dataset}/figures/scores.png",
            caption="captions/scores.rst",
            category="Scores",
            labels={"figure": "scores"},
        ),
    log:
        "results/{dataset}/logs/draw_scores.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=scaled_resource(400),
        runtime=scaled_resource(5),
    params:
        command=script_command("draw_scores.py"),
        code_digest=script_digest("draw_scores.py"),
    shell:
        "{params.command} --summary {input:q} --out {output:q} --log {log:q}"


# Draw the loss of the autoencoder, and its reconstructions of example images.
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
        mem_mb=scaled_resource(400),
        runtime=scaled_resource(5),
    params:
        command=script_command("draw_autoencoder.py"),
        code_digest=script_digest("draw_autoencoder.py"),
        splits=lambda w: cli_options({"splits": splits_of(w.dataset) or ["train", "test"]}),
    shell:
        "{params.command} --history {input.history:q} --examples {input.examples:q} {params.splits}"
        " --loss {output.loss:q} --reconstructions {output.reconstructions:q} --log {log:q}"


# Decode the centroids of clusters of codes into images.
rule decode_centroids:
    input:
        clusters="results/{dataset}/clusters/autoencoder/seed{model_seed}/{split}/k{k}/seed{seed}.h5",
        model="results/{dataset}/autoencoder/seed{model_seed}/model.keras",
    output:
        "results/{dataset}/centroids/autoencoder/seed{model_seed}/{split}/k{k}/seed{seed}.h5",
    log:
        "results/{dataset}/logs/centroids/autoencoder/seed{model_seed}/{split}/k{k}/seed{seed}.log",
    conda:
        "../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=scaled_resource(1000, 8),
        runtime=scaled_resource(5),
    params:
        command=script_command("decode_centroids.py"),
        code_digest=script_digest("decode_centroids.py"),
    shell:
        "{params.command} --clusters {input.clusters:q} --model {input.model:q} --out {output:q} --log {log:q}"


# Draw one clustering by its numbers: its silhouettes, and the classes in its clusters.
rule draw_clusters:
    input:
        images="results/{dataset}/images.h5",
        clusters="results/{dataset}/clusters/{features}/{split}/k{k}/seed{seed}.h5",
        scores="results/{dataset}/metrics/{features}/{split}/k{k}.h5",
    output:
        silhouettes=figure_of("silhouettes"),
        contents=figure_of("contents"),
    log:
        "results/{dataset}/logs/draw_clusters/{features}/{split}/k{k}/seed{seed}.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=scaled_resource(400),
        runtime=scaled_resource(10),
    params:
        command=script_command("draw_clusters.py"),
        code_digest=script_digest("draw_clusters.py"),
        scored_as=clustering_drawn,
        classes=classes_option,
    shell:
        "{params.command} --images {input.images:q} --split {wildcards.split} {params.classes}"
        " --clusters {input.clusters:q} --scores {input.scores:q} --scored-as {params.scored_as}"
        " --silhouettes {output.silhouettes:q} --contents {output.contents:q} --log {log:q}"


# Draw one clustering by its images: examples, centroids, and the pairs of Dunn's index.
rule draw_pictures:
    input:
        images="results/{dataset}/images.h5",
        features="results/{dataset}/features/{features}/{split}.h5",
        clusters="results/{dataset}/clusters/{features}/{split}/k{k}/seed{seed}.h5",
        scores="results/{dataset}/metrics/{features}/{split}/k{k}.h5",
        decoded=lambda w: [
            f"results/{w.dataset}/{file}"
            for file in centroid_images(f"{w.features}/{w.split}/k{w.k}/seed{w.seed}")
        ],
    output:
        montage=figure_of("montage"),
        centroids=figure_of("centroids"),
        dunn=figure_of("dunn"),
    log:
        "results/{dataset}/logs/draw_pictures/{features}/{split}/k{k}/seed{seed}.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=scaled_resource(400, 3),
        runtime=scaled_resource(10),
    params:
        command=script_command("draw_pictures.py"),
        code_digest=script_digest("draw_pictures.py"),
        scored_as=clustering_drawn,
        classes=classes_option,
    shell:
        "{params.command} --images {input.images:q} --features {input.features:q} --split {wildcards.split} {params.classes}"
        " --clusters {input.clusters:q} --scores {input.scores:q} --scored-as {params.scored_as}"
        " --decoded {input.decoded:q}"
        " --montage {output.montage:q} --centroids {output.centroids:q} --dunn {output.dunn:q} --log {log:q}"


# The same of a clustering that was made elsewhere, in the first feature space.
use rule draw_clusters as draw_imported_clusters with:
    input:
        images="results/{dataset}/images.h5",
        clusters="results/{dataset}/clusters/{features}/{split}/run{run}.h5",
        scores=f"results/{{dataset}}/metrics/{targets.shown_space()}/{{split}}/imported.h5",
    output:
        silhouettes=figure_of("silhouettes", "run{run}"),
        contents=figure_of("contents", "run{run}"),
    log:
        "results/{dataset}/logs/draw_clusters/{features}/{split}/run{run}.log",
    wildcard_constraints:
        features=IMPORTED,


use rule draw_pictures as draw_imported_pictures with:
    input:
        images="results/{dataset}/images.h5",
        features=f"results/{{dataset}}/features/{targets.shown_space()}/{{split}}.h5",
        clusters="results/{dataset}/clusters/{features}/{split}/run{run}.h5",
        scores=f"results/{{dataset}}/metrics/{targets.shown_space()}/{{split}}/imported.h5",
        decoded=[],
    output:
        montage=figure_of("montage", "run{run}"),
        centroids=figure_of("centroids", "run{run}"),
        dunn=figure_of("dunn", "run{run}"),
    log:
        "results/{dataset}/logs/draw_pictures/{features}/{split}/run{run}.log",
    wildcard_constraints:
        features=IMPORTED,


# Draw a map in two dimensions, with clusters and classes.
rule draw_map:
    input:
        images="results/{dataset}/images.h5",
        features="results/{dataset}/features/{features}/{split}.h5",
        clusters="results/{dataset}/clusters/{features}/{split}/k{k}/seed{seed}.h5",
    output:
        map=figure_of("map"),
        points="results/{dataset}/figures/{features}/{split}/k{k}/seed{seed}/map.csv",
    log:
        "results/{dataset}/logs/draw_map/{features}/{split}/k{k}/seed{seed}.log",
    benchmark:
        "results/{dataset}/benchmarks/draw_map/{features}/{split}/k{k}/seed{seed}.tsv"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=scaled_resource(500, 5),
        runtime=scaled_resource(20),
    params:
        command=script_command("draw_map.py"),
        code_digest=script_digest("draw_map.py"),
        classes=classes_option,
        method=cli_options({"method": config["report"]["projection"]}),
    shell:
        "{params.command} --images {input.images:q} --features {input.features:q} --split {wildcards.split} {params.classes}"
        " --clusters {input.clusters:q} {params.method}"
        " --out {output.map:q} --points {output.points:q} --log {log:q}"


# The same of a clustering that was made elsewhere, in the first feature space.
use rule draw_map as draw_imported_map with:
    input:
        images="results/{dataset}/images.h5",
        features=f"results/{{dataset}}/features/{targets.shown_space()}/{{split}}.h5",
        clusters="results/{dataset}/clusters/{features}/{split}/run{run}.h5",
    output:
        map=figure_of("map", "run{run}"),
        points="results/{dataset}/figures/{features}/{split}/run{run}/map.csv",
    log:
        "results/{dataset}/logs/draw_map/{features}/{split}/run{run}.log",
    benchmark:
        "results/{dataset}/benchmarks/draw_map/{features}/{split}/run{run}.tsv"
    wildcard_constraints:
        features=IMPORTED,
