# Needs: results/{dataset}/features/{features}/{split}.h5.
# Makes: results/{dataset}/clusters/{features}/{split}/k{k}/seed{seed}.h5.


# Cluster one split in one feature space with k-means.
rule cluster:
    input:
        "results/{dataset}/features/{features}/{split}.h5",
    output:
        "results/{dataset}/clusters/{features}/{split}/k{k}/seed{seed}.h5",
    log:
        "results/{dataset}/logs/clusters/{features}/{split}/k{k}/seed{seed}.log",
    benchmark:
        "results/{dataset}/benchmarks/clusters/{features}/{split}/k{k}/seed{seed}.tsv"
    conda:
        "../envs/clustering.yaml"
    threads: 1
    resources:
        mem_mb=growing(200, 2.5),
        runtime=growing(2, 0.02),
    params:
        run=program("cluster.py"),
        code=code("cluster.py"),
        options=options({"init": config["clustering"]["init"]}),
    shell:
        "{params.run} --features {input:q}"
        " --n-clusters {wildcards.k} --seed {wildcards.seed} {params.options}"
        " --threads {threads} --out {output:q} --log {log:q}"
