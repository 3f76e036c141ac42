"""Artifacts of runs: every byte comes back, whatever it is called and however large it is."""

import hashlib
import random
import threading
from pathlib import Path

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from .expect import MISSING, refused

MIB = 1024 * 1024


def content(size, seed=0):
    return random.Random(seed).randbytes(size)


def write(path: Path, size=100, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content(size, seed))
    return path


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def listing(client, run, path=None):
    """(path, is folder, size): an empty file may come without its size."""
    return [(f.path, f.is_dir, f.file_size if f.is_dir else f.file_size or 0) for f in client.list_artifacts(run, path)]


def fetched(client, run, path, tmp_path):
    """Through the repository of the run: the client's own call reads # and ? in a path as parts of a URL."""
    target = tmp_path / "fetched"
    target.mkdir(exist_ok=True)
    repository = get_artifact_repository(client.get_run(run).info.artifact_uri)
    return Path(repository.download_artifacts(path, str(target)))


@pytest.mark.parametrize("size", [0, 1, 1000, 65536, 3 * MIB, 60 * MIB], ids=lambda n: f"{n}B")
def test_bytes_come_back(client, run, tmp_path, size):
    source = write(tmp_path / "data.bin", size)
    client.log_artifact(run, str(source))
    assert listing(client, run) == [("data.bin", False, size)]
    assert digest(fetched(client, run, "data.bin", tmp_path)) == digest(source)


@pytest.mark.parametrize(
    "name",
    [
        "plain.txt",
        "no_extension",
        ".hidden",
        "with space.txt",
        "ünïcödé.txt",
        "日本語.txt",
        "emoji 🧪.bin",
        "a+b&c=d.txt",
        "semi;colon,comma.txt",
        "quo'te.txt",
        "(brackets) [square] {curly}.txt",
        "at@sign!$.txt",
        "tilde~`.txt",
        "100%.txt",
        "%zz.txt",
        "k%step%10%timestamp%1795271843923%kaae.png",  # as mlflow 2.22 names images
        "a" * 200 + ".txt",
        "model.pkl",
        "page.html",
        "picture.svg",
        "archive.tar.gz",
        "compressed.gz",
        "Å decomposed A\u030a.txt",
    ],
)
def test_names(client, run, tmp_path, name):
    source = write(tmp_path / "sources" / name, 300)
    client.log_artifact(run, str(source), "folder")
    assert listing(client, run, "folder") == [(f"folder/{name}", False, 300)]
    assert digest(fetched(client, run, f"folder/{name}", tmp_path)) == digest(source)


@pytest.mark.beyond
@pytest.mark.modes("databricks")  # over http the client cuts URLs and decodes names
@pytest.mark.parametrize(
    "name", ["hash#1.txt", "what?.txt", "what?a=b&c=d.txt", "%41.txt", "100%25.txt", "k%2500%k.png", "#", "?"]
)
def test_names_of_url_characters(client, run, tmp_path, name):
    source = write(tmp_path / "sources" / name, 300)
    client.log_artifact(run, str(source), "folder")
    assert listing(client, run, "folder") == [(f"folder/{name}", False, 300)]
    assert digest(fetched(client, run, f"folder/{name}", tmp_path)) == digest(source)


@pytest.mark.parametrize("folder", ["one", "a/b/c/d/e/f", "with space/ünï", "100%", "dots.in.name/v1.2"])
def test_folders(client, run, tmp_path, folder):
    client.log_artifact(run, str(write(tmp_path / "f.txt")), folder)
    assert listing(client, run, folder) == [(f"{folder}/f.txt", False, 100)]
    top = folder.split("/")[0]
    assert listing(client, run) == [(top, True, None)]


def test_a_tree(client, run, tmp_path):
    tree = tmp_path / "tree"
    files = ["top.txt", "a/one.txt", "a/two.txt", "a/b/three.txt", "c/deep/er/four.txt", "c/empty.bin"]
    for number, name in enumerate(files):
        write(tree / name, 0 if "empty" in name else 10 + number, number)
    client.log_artifacts(run, str(tree), "stored")
    assert listing(client, run, "stored") == [
        ("stored/a", True, None),
        ("stored/c", True, None),
        ("stored/top.txt", False, 10),
    ]
    assert [p for p, _, _ in listing(client, run, "stored/a")] == ["stored/a/b", "stored/a/one.txt", "stored/a/two.txt"]
    back = fetched(client, run, "stored", tmp_path)
    assert {str(p.relative_to(back)): digest(p) for p in back.rglob("*") if p.is_file()} == {
        name: digest(tree / name) for name in files
    }


def test_everything_of_a_run(client, run, tmp_path):
    for name in ("a.txt", "sub/b.txt"):
        client.log_artifact(run, str(write(tmp_path / name)), "sub" if "/" in name else None)
    back = fetched(client, run, "", tmp_path)
    assert sorted(str(p.relative_to(back)) for p in back.rglob("*") if p.is_file()) == ["a.txt", "sub/b.txt"]


def test_an_empty_run_has_no_artifacts(client, run):
    assert listing(client, run) == []


def test_listing_a_file_is_empty(client, run, tmp_path):
    client.log_artifact(run, str(write(tmp_path / "f.txt")), "folder")
    assert listing(client, run, "folder/f.txt") == []


def test_listing_nothing_is_empty(client, run):
    assert listing(client, run, "nobody") == []


def test_listing_is_sorted(client, run, tmp_path):
    for name in ("b.txt", "a.txt", "C.txt", "10.txt", "9.txt"):
        write(tmp_path / "many" / name)
    client.log_artifacts(run, str(tmp_path / "many"))
    assert [p for p, _, _ in listing(client, run)] == sorted(["b.txt", "a.txt", "C.txt", "10.txt", "9.txt"])


def test_a_folder_does_not_hold_its_namesakes(client, run, tmp_path):
    source = str(write(tmp_path / "f.txt"))
    for folder in ("model", "model2", "model.old", "mo"):
        client.log_artifact(run, source, folder)
    assert listing(client, run, "model") == [("model/f.txt", False, 100)]


def test_written_over(client, run, tmp_path):
    for seed, size in ((1, 500), (2, 50)):
        client.log_artifact(run, str(write(tmp_path / "f.bin", size, seed)))
    assert listing(client, run) == [("f.bin", False, 50)]
    assert digest(fetched(client, run, "f.bin", tmp_path)) == digest(tmp_path / "f.bin")


def test_what_is_not_there(client, run, tmp_path):
    with pytest.raises(Exception, match=r"nobody|404|not found|No such"):
        fetched(client, run, "nobody.txt", tmp_path)


def test_unknown_run(client, tmp_path):
    with refused(MISSING):
        client.log_artifact("0" * 32, str(write(tmp_path / "f.txt")))


@pytest.mark.parametrize("path", ["../outside", "a/../../outside", "/absolute"])
def test_paths_that_leave_the_run(client, run, tmp_path, path):
    with pytest.raises((MlflowException, OSError)):
        client.log_artifact(run, str(write(tmp_path / "f.txt")), path)
    assert listing(client, run) == []


def test_two_runs_do_not_share(side, client, experiment, run, tmp_path):
    other = side.run(experiment)
    client.log_artifact(run, str(write(tmp_path / "f.txt")))
    assert listing(client, other) == []


def test_two_hundred_files_at_once(client, run, tmp_path):
    tree = tmp_path / "tree"
    for number in range(200):
        write(tree / f"d{number % 7}" / f"f{number}.bin", 100 + number * 37, number)
    client.log_artifacts(run, str(tree))
    back = fetched(client, run, "", tmp_path)
    assert {str(p.relative_to(back)): digest(p) for p in back.rglob("*") if p.is_file()} == {
        str(p.relative_to(tree)): digest(p) for p in tree.rglob("*") if p.is_file()
    }


def test_from_many_threads(side, run, tmp_path):
    failures = []

    def store(number):
        try:
            side.client.log_artifact(run, str(write(tmp_path / f"t{number}" / f"f{number}.bin", 5000, number)), "many")
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=store, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(listing(side.client, run, "many")) == 12


def test_artifacts_of_a_deleted_run_stay(client, run, tmp_path):
    client.log_artifact(run, str(write(tmp_path / "f.txt")))
    client.delete_run(run)
    client.restore_run(run)
    assert listing(client, run) == [("f.txt", False, 100)]


def test_runs_uri(side, client, run, tmp_path):
    client.log_artifact(run, str(write(tmp_path / "f.txt")), "sub")
    back = mlflow.artifacts.download_artifacts(f"runs:/{run}/sub/f.txt", dst_path=str(tmp_path / "out"))
    assert digest(back) == digest(tmp_path / "f.txt")
    assert [f.path for f in mlflow.artifacts.list_artifacts(f"runs:/{run}/sub")] == ["sub/f.txt"]


@pytest.mark.modes("http")
@pytest.mark.parametrize("path", ["keep/gone.txt", "keep"])
def test_delete(client, run, tmp_path, path):
    for name in ("gone.txt", "stays.txt"):
        client.log_artifact(run, str(write(tmp_path / name)), "keep")
    get_artifact_repository(client.get_run(run).info.artifact_uri).delete_artifacts(path)
    assert [p for p, _, _ in listing(client, run, "keep")] == (["keep/stays.txt"] if "gone" in path else [])


@pytest.mark.beyond
@pytest.mark.parametrize("size", [0, 1, 3 * MIB])
def test_what_one_mode_stores_the_other_reads(side, client, run, tmp_path, other_side, size):
    here = write(tmp_path / "häre 1%.bin", size)
    client.log_artifact(run, str(here), "shared")
    with other_side().entered() as other:
        assert [(p, s) for p, _, s in listing(other.client, run, "shared")] == [(f"shared/{here.name}", size)]
        assert digest(fetched(other.client, run, f"shared/{here.name}", tmp_path)) == digest(here)
        there = write(tmp_path / "there.bin", size + 1, 7)
        other.client.log_artifact(run, str(there), "shared")
    assert sorted(p for p, _, _ in listing(client, run, "shared")) == sorted(
        [f"shared/{here.name}", "shared/there.bin"]
    )
    assert digest(fetched(client, run, "shared/there.bin", tmp_path)) == digest(there)


@pytest.mark.beyond
@pytest.mark.modes("databricks")
class TestPresigned:
    """The platform's other transport: credentials for one path each. Old clients know no other."""

    @pytest.fixture(autouse=True)
    def presigned(self, side, monkeypatch):
        monkeypatch.setenv("MLFLOW_DISABLE_DATABRICKS_SDK_FOR_RUN_ARTIFACTS", "true")

    @pytest.mark.parametrize("size", [0, 1, 3 * MIB, 60 * MIB], ids=lambda n: f"{n}B")
    def test_bytes_come_back(self, client, run, tmp_path, size):
        source = write(tmp_path / "data.bin", size)
        client.log_artifact(run, str(source), "sub")
        assert listing(client, run, "sub") == [("sub/data.bin", False, size)]
        assert digest(fetched(client, run, "sub/data.bin", tmp_path)) == digest(source)

    @pytest.mark.parametrize(
        "name", ["with space.txt", "ünï 日本.txt", "a#b?c.txt", "100%.txt", "%41.txt", "a+b&c.txt"]
    )
    def test_names(self, client, run, tmp_path, name):
        source = write(tmp_path / name, 300)
        client.log_artifact(run, str(source))
        assert listing(client, run) == [(name, False, 300)]
        assert digest(fetched(client, run, name, tmp_path)) == digest(source)

    def test_a_tree(self, client, run, tmp_path):
        for number in range(40):
            write(tmp_path / "tree" / f"d{number % 3}" / f"f{number}", number, number)
        client.log_artifacts(run, str(tmp_path / "tree"), "t")
        back = fetched(client, run, "t", tmp_path)
        assert len([p for p in back.rglob("*") if p.is_file()]) == 40

    def test_multipart(self, client, run, tmp_path, monkeypatch):
        """Above the threshold a file goes up in parts and comes down in ranges."""
        monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", str(10 * MIB))
        monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", str(5 * MIB))
        monkeypatch.setenv("MLFLOW_MULTIPART_DOWNLOAD_MINIMUM_FILE_SIZE", str(10 * MIB))
        monkeypatch.setenv("MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE", str(12 * MIB))  # each is a process of the client
        source = write(tmp_path / "large.bin", 23 * MIB + 17)
        client.log_artifact(run, str(source))
        assert digest(fetched(client, run, "large.bin", tmp_path)) == digest(source)


@pytest.mark.beyond
@pytest.mark.modes("http")
class TestProxyMultipart:
    """In http mode the server says in its server-info whether parts may go up side by side."""

    def test_up_in_parts(self, side, client, run, tmp_path, monkeypatch):
        monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true")
        monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", str(10 * MIB))
        monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", str(5 * MIB))
        source = write(tmp_path / "large.bin", 23 * MIB + 17)
        client.log_artifact(run, str(source), "sub dir")
        assert listing(client, run, "sub dir") == [("sub dir/large.bin", False, 23 * MIB + 17)]
        assert digest(fetched(client, run, "sub dir/large.bin", tmp_path)) == digest(source)
