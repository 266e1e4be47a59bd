"""Uses data as the pachyderm-sdk's own examples do. Arguments: host, port, and an empty project to work in."""

import csv
import io
import sys
import tempfile
from pathlib import Path

import grpc
from pachyderm_sdk.api import pfs
from steps import client, example

P = sys.argv[3]
PROJECT = pfs.Project(name=P)


def repo(name):
    return pfs.Repo.from_uri(f"{P}/{name}")


def branch(name):
    return pfs.Branch.from_uri(f"{P}/{name}@master")


def at(name, commit="master"):
    return pfs.Commit.from_uri(f"{P}/{name}@{commit}")


def file(name, path, commit="master"):
    return pfs.File.from_uri(f"{P}/{name}@{commit}:{path}")


def changed(name, change):
    """A commit with what `change` does to it, finished."""
    with client.pfs.commit(branch=branch(name)) as commit:
        change(commit)
    commit.wait()
    return commit


def put(name, **files):
    return changed(name, lambda commit: [commit.put_file_from_bytes(f"/{path}", text.encode()) for path, text in files.items()])


def read(name, path, commit="master"):
    with client.pfs.pfs_file(file=file(name, path, commit)) as opened:
        return opened.read().decode()


def paths(name):
    return [info.file.path for info in client.pfs.walk_file(file=file(name, "/"))]


def code_of(work):
    try:
        work()
    except grpc.RpcError as error:
        return error.code().name


@example("project_exists says whether there is a project")
def _():
    return [client.pfs.project_exists(PROJECT), client.pfs.project_exists(pfs.Project(name=f"{P}-not"))]


@example("repo_exists says whether there is a repo")
def _():
    before = client.pfs.repo_exists(repo("images"))
    client.pfs.create_repo(repo=repo("images"), description="of things")
    return [before, client.pfs.repo_exists(repo("images"))]


@example("branch_exists says whether there is a branch")
def _():
    before = client.pfs.branch_exists(branch("images"))
    client.pfs.create_branch(branch=branch("images"))
    return [before, client.pfs.branch_exists(branch("images"))]


@example("a commit is open within its context, and finished after it")
def _():
    with client.pfs.commit(branch=branch("images"), description="first") as commit:
        commit.put_file_from_bytes("/greeting", b"Hello!")
        inside = client.pfs.inspect_commit(commit=commit).to_dict()
    return ["finished" in inside, "finished" in commit.wait().to_dict(), type(commit).__name__]


@example("commit_exists and path_exists say whether there are such")
def _():
    known = [client.pfs.commit_exists(at("images")), client.pfs.commit_exists(at("images", 12 * "0" + "4" + 19 * "0"))]
    return known + [client.pfs.path_exists(file("images", path)) for path in ["/greeting", "/none"]]


@example("put_file_from_bytes with append adds to what is there")
def _():
    changed("images", lambda commit: commit.put_file_from_bytes("/greeting", b" Bye!", append=True))
    return read("images", "/greeting")


@example("put_file_from_file sends a large file in pieces")
def _():
    changed("images", lambda commit: commit.put_file_from_file(path="/large", file=io.BytesIO(20 * 2**20 * b"x")))
    return client.pfs.inspect_file(file=file("images", "/large")).size_bytes


@example("put_file_from_url of what cannot be read is refused")
def _():
    with client.pfs.commit(branch=branch("images")) as commit:
        code = code_of(lambda: commit.put_file_from_url(path="/url", url="http://127.0.0.1:1/none"))
    return [code is not None, client.pfs.path_exists(file("images", "/url"))]


@example("copy_file copies within a repo, and from another commit")
def _():
    def copies(commit):
        commit.copy_file(src=file("images", "/greeting", "master^"), dst="/copy")
        commit.delete_file(path="/large")

    changed("images", copies)
    return [paths("images"), read("images", "/copy")]


@example("delete_file deletes a folder with all in it")
def _():
    put("images", **{"folder/a": "1", "folder/b/c": "2"})
    before = paths("images")
    changed("images", lambda commit: commit.delete_file(path="/folder/"))
    return [before, paths("images")]


@example("put_files puts a folder with all in it")
def _():
    client.pfs.create_repo(repo=repo("folder"))
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {"a.txt": "A", "deep/er/b.txt": "B"}.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        changed("folder", lambda commit: commit.put_files(source=folder, path="/in"))
    return [paths("folder"), read("folder", "/in/deep/er/b.txt")]


@example("list_file lists a folder's files, with their types and sizes")
def _():
    infos = client.pfs.list_file(file=file("folder", "/in"))
    return [[info.file.path, pfs.FileType(info.file_type).name, info.size_bytes] for info in infos]


@example("glob_file finds what matches")
def _():
    return [[info.file.path for info in client.pfs.glob_file(commit=at("folder"), pattern=p)] for p in ["/in/*", "**.txt"]]


client.pfs.create_repo(repo=repo("table"))
put("table", **{"table.csv": 'name,size\n"a, b",1\nc,2\n'})


@example("pfs_file reads lines")
def _():
    with client.pfs.pfs_file(file=file("table", "/table.csv")) as opened:
        return [opened.readline().decode(), [line.decode() for line in opened], opened.read().decode()]


@example("pfs_file reads a few bytes, and peeks")
def _():
    with client.pfs.pfs_file(file=file("table", "/table.csv")) as opened:
        return [opened.read(4).decode(), opened.peek(5).decode(), opened.read(5).decode(), opened.seekable()]


@example("the csv module reads a file of a repo")
def _():
    with client.pfs.pfs_file(file=file("table", "/table.csv")) as opened:
        return list(csv.DictReader(io.TextIOWrapper(io.BufferedReader(opened))))


@example("get_file reads from an offset")
def _():
    pieces = client.pfs.get_file(file=file("table", "/table.csv"), offset=5)
    return b"".join(piece.value for piece in pieces).decode()


@example("pfs_file of what is missing is a ValueError with the server's cause")
def _():
    try:
        client.pfs.pfs_file(file=file("table", "/none"))
    except ValueError as error:
        return error.__cause__.code().name


@example("pfs_tar_file unpacks a folder")
def _():
    with tempfile.TemporaryDirectory() as folder, client.pfs.pfs_tar_file(file=file("folder", "/in")) as tar:
        tar.extractall(folder)
        return sorted([str(path.relative_to(folder)), path.read_text()] for path in Path(folder).rglob("*.txt"))


@example("diff_file tells what two commits differ in")
def _():
    changed("table", lambda commit: [commit.put_file_from_bytes("/new", b"1"), commit.delete_file(path="/table.csv")])
    differences = client.pfs.diff_file(new_file=file("table", "/"), old_file=file("table", "/", "master^"))
    return [[d.new_file.file.path if d.new_file else "", d.old_file.file.path if d.old_file else ""] for d in differences]


client.pfs.create_repo(repo=repo("log"))
made = [put("log", line=str(number)).id for number in range(3)]


@example("list_commit lists the newest first")
def _():
    ids = [info.commit.id for info in client.pfs.list_commit(repo=repo("log"))]
    return [ids == made[::-1], [info.commit.id for info in client.pfs.list_commit(repo=repo("log"), number=1)] == made[2:]]


@example("a commit is named by branch, by id, by what came before it and by its number")
def _():
    return [read("log", "/line", commit) for commit in ["master", made[1], "master^", "master^2", "master.1", "master.2"]]


@example("subscribe_commit hands over each commit, old and new")
def _():
    seen = []
    for info in client.pfs.subscribe_commit(repo=repo("log"), branch="master", state=pfs.CommitState.FINISHED):
        seen.append(info.commit.id)
        if len(seen) == 3:
            made.append(put("log", line="3").id)
        if len(seen) == 4:
            return seen == made


for name, upstream in [("first", "log"), ("second", "first")]:
    client.pfs.create_repo(repo=repo(name))
    client.pfs.create_branch(branch=branch(name), provenance=[branch(upstream)])
    client.pfs.finish_commit(commit=at(name))


def repos(infos):
    return sorted(info.commit.repo.name for info in infos)


@example("a commit set is finished through its branches, and wait_all waits for all of it")
def _():
    commit = put("log", line="4")
    for name in ["first", "second"]:
        client.pfs.finish_commit(commit=at(name, commit.id))
    made.append(commit.id)
    return repos(commit.wait_all())


@example("pickers pick the head, an ancestor and the commit of a number")
def _():
    picked = [at("log", name).as_picker() for name in ["master", made[4], f"master.{len(made)}", "master^1", "master.1"]]
    return [repos(client.pfs.walk_commit_subvenance(start=[picker])) for picker in picked]


@example("provenance is walked up from a commit, and from a branch")
def _():
    commits = client.pfs.walk_commit_provenance(start=[at("second").as_picker()])
    branches = client.pfs.walk_branch_provenance(start=[branch("second").as_picker()])
    return [repos(commits), sorted(info.branch.repo.name for info in branches)]


@example("find_commits finds those that changed a file")
def _():
    found = client.pfs.find_commits(start=at("log"), file_path="/line", limit=2)
    return [answer.found_commit.id for answer in found if answer.found_commit] == made[:2:-1]


@example("a transaction makes one commit set in two repos")
def _():
    for name in ["left", "right"]:
        client.pfs.create_repo(repo=repo(name))
    with client.transaction.transaction() as transaction:
        with client.pfs.commit(branch=branch("left")) as left:
            pass
        with client.pfs.commit(branch=branch("right")) as right:
            pass
    return [left.id == right.id, client.transaction.transaction_exists(transaction)]


@example("a transaction that is left by an error leaves nothing")
def _():
    try:
        with client.transaction.transaction() as transaction:
            client.pfs.create_repo(repo=repo("undone"))
            raise KeyError
    except KeyError:
        return [client.pfs.repo_exists(repo("undone")), client.transaction.transaction_exists(transaction)]


@example("drop_commit_set takes the newest commit away")
def _():
    put("left", a="1")
    last = put("left", b="2")
    client.pfs.drop_commit_set(commit_set=pfs.CommitSet(id=last.id))
    return paths("left")


@example("list_repo lists a project's repos, and their descriptions")
def _():
    infos = client.pfs.list_repo(type="user", projects=[PROJECT])
    return {info.repo.name: info.description for info in infos}


@example("delete_repo is refused while another comes from it, unless forced")
def _():
    code = code_of(lambda: client.pfs.delete_repo(repo=repo("log")))
    client.pfs.delete_repo(repo=repo("log"), force=True)
    return [code, client.pfs.repo_exists(repo("log"))]


@example("the server says its version and its cluster's id")
def _():
    return [client.get_version().major, len(client.admin.inspect_cluster().id)]
