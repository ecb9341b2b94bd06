"""The study in one plain script, as one would write it without this project.

It runs k-means with k = 10 on the pixels of the test images and on the codes of the training images, and prints
silhouette and Dunn's index of both. (Codes are the outputs of the autoencoder's narrowest layer.)
"""

import argparse
import tarfile

import keras
import numpy as np
from keras import layers
from sklearn.cluster import KMeans
from sklearn.metrics import pairwise_distances_chunked, silhouette_score

N_CLUSTERS = 10


def read(archive, names):
    with tarfile.open(archive) as tar:
        files = {member.name.rsplit("/")[-1]: member for member in tar.getmembers()}
        raw = np.concatenate([np.frombuffer(tar.extractfile(files[name]).read(), np.uint8) for name in names])
    rgb = raw.reshape(-1, 3073)[:, 1:].reshape(-1, 3, 32, 32)
    gray = 0.299 * rgb[:, 0] + 0.587 * rgb[:, 1] + 0.114 * rgb[:, 2]
    return gray.astype(np.float32) / 255


def dunn(X, labels):
    separation, diameter, start = np.inf, 0, 0
    for distances in pairwise_distances_chunked(X):
        same = labels[start : start + len(distances), None] == labels
        separation = min(separation, distances[~same].min())
        diameter = max(diameter, distances[same].max())
        start += len(distances)
    return separation / diameter


def score(name, X):
    labels = KMeans(N_CLUSTERS, init="random", n_init=1, tol=0, max_iter=10_000, random_state=0).fit_predict(X)
    print(name, "silhouette", silhouette_score(X, labels), "Dunn", dunn(X, labels), flush=True)


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("archive", help="CIFAR-10, the binary version")
archive = parser.parse_args().archive
train = read(archive, [f"data_batch_{i}.bin" for i in range(1, 6)])
test = read(archive, ["test_batch.bin"])
score("pixels", test.reshape(len(test), -1))

keras.utils.set_random_seed(0)
encoder = keras.Sequential(
    [
        keras.Input((32, 32, 1)),
        layers.Conv2D(3, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(1, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
    ]
)
decoder = keras.Sequential(
    [
        layers.Conv2D(1, 3, padding="same", activation="relu"),
        layers.UpSampling2D(),
        layers.Conv2D(3, 3, padding="same", activation="relu"),
        layers.UpSampling2D(),
        layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
    ]
)
model = keras.Sequential([encoder, decoder])
model.compile("adam", "mse")
images = train[..., None]
model.fit(images, images, batch_size=32, epochs=10, verbose=0)
score("codes", encoder.predict(images, verbose=0).reshape(len(images), -1))
