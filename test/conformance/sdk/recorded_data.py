"""Does, through the unchanged pachyderm-sdk, what was done to a real pachd when sdk-observe.txt was recorded. Arguments: host, port.
"""

import threading

from pachyderm_sdk.api import pfs
from steps import client, step

P = "sdkconf2"
NO_ID = "00000000000040008000000000000000"
LONG = 64 * "a"


def project(name=P):
    return pfs.Project(name=name)


def repo(name, type="user", of=P):
    return pfs.Repo(name=name, type=type, project=project(of))


def branch(repo_name, name="master"):
    return pfs.Branch(repo=repo(repo_name), name=name)


def head(repo_name, name="master"):
    return pfs.Commit(repo=repo(repo_name), branch=branch(repo_name, name))


def by_id(repo_name, id):
    return pfs.Commit(repo=repo(repo_name), id=id)


def listed(stream):
    return list(stream)


def put(commit, path, data, append=False):
    client.pfs.put_file_from_bytes(commit=commit, path=path, data=data, append=append)
    return {}


def walked(commit):
    return [[info.file.path, info.size_bytes] for info in client.pfs.walk_file(file=pfs.File(commit=commit, path="/"))]


def finished(commit):
    return client.pfs.inspect_commit(commit=commit, wait=pfs.CommitState.FINISHED)


def short(commit):
    return commit.id[:8] if commit else ""


step("version", lambda: client.get_version())
step("inspect_cluster", lambda: client.admin.inspect_cluster())
step("inspect_project missing", lambda: client.pfs.inspect_project(project=project("nosuch")))
step("create_project", lambda: client.pfs.create_project(project=project(), description="d"))
step("create_project again", lambda: client.pfs.create_project(project=project()))
step("create_project empty name", lambda: client.pfs.create_project(project=project("")))
step("create_project -x", lambda: client.pfs.create_project(project=project("-x")))
step("create_project bad", lambda: client.pfs.create_project(project=project("a b")))
step("inspect_project", lambda: client.pfs.inspect_project(project=project()))
step("inspect_project_v2", lambda: client.pfs.inspect_project_v2(project=project()))
step("inspect_repo missing", lambda: client.pfs.inspect_repo(repo=repo("zzz")))
step("inspect_repo missing project", lambda: client.pfs.inspect_repo(repo=repo("x", of="nosuch")))
step("inspect_repo empty name", lambda: client.pfs.inspect_repo(repo=repo("")))
step("inspect_repo nil", lambda: client.pfs.inspect_repo(repo=pfs.Repo(name="")))
step("list_repo missing project", lambda: listed(client.pfs.list_repo(projects=[project("nosuch")])))
step("delete_repo missing", lambda: client.pfs.delete_repo(repo=repo("zzz")))
step("create_repo missing project", lambda: client.pfs.create_repo(repo=repo("x", of="nosuch")))
step("list_branch missing repo", lambda: listed(client.pfs.list_branch(repo=repo("zzz"))))
step("inspect_branch missing repo", lambda: client.pfs.inspect_branch(branch=branch("zzz")))
step("create_branch missing repo", lambda: client.pfs.create_branch(branch=branch("zzz")))
step("delete_branch missing repo", lambda: client.pfs.delete_branch(branch=branch("zzz")))
step("list_commit missing repo", lambda: listed(client.pfs.list_commit(repo=repo("zzz"))))
step("inspect_commit missing repo", lambda: client.pfs.inspect_commit(commit=head("zzz")))
step("inspect_commit missing repo by id", lambda: client.pfs.inspect_commit(commit=by_id("zzz", 32 * "0")))
step("start_commit missing repo", lambda: client.pfs.start_commit(branch=branch("zzz")))
step("finish_commit missing repo", lambda: client.pfs.finish_commit(commit=head("zzz")))
step("put_file missing repo", lambda: put(head("zzz"), "/a", b"x"))
step("list_file missing repo", lambda: listed(client.pfs.list_file(file=pfs.File(commit=head("zzz"), path="/"))))
step("inspect_file missing repo", lambda: client.pfs.inspect_file(file=pfs.File(commit=head("zzz"), path="/a")))
step("get_file missing repo", lambda: listed(client.pfs.get_file(file=pfs.File(commit=head("zzz"), path="/a"))))
step("glob_file missing repo", lambda: listed(client.pfs.glob_file(commit=head("zzz"), pattern="/*")))
step("subscribe_commit missing repo", lambda: next(iter(client.pfs.subscribe_commit(repo=repo("zzz"), branch="master"))))
for name in ["a/b", "a b", "a.b", "é", "-x", "_x", "", LONG, 63 * "a" + 200 * "b", "A-b_9", "spec", "__spec__"]:
    step(f"create_repo {name[:70]!r} len {len(name)}", lambda: client.pfs.create_repo(repo=repo(name)))
for kind in ["meta", "spec", "weird"]:
    step(f"create_repo type {kind}", lambda: client.pfs.create_repo(repo=repo("mm", kind)))

no_type = repo("notype")
no_type.type = ""
step("create_repo no type", lambda: client.pfs.create_repo(repo=no_type))
no_project = repo("noproject")
no_project.project = None
step("create_repo no project", lambda: client.pfs.create_repo(repo=no_project))
step("delete_repo no project", lambda: client.pfs.delete_repo(repo=no_project))
step("create_repo data", lambda: client.pfs.create_repo(repo=repo("data")))
step("create_repo data again", lambda: client.pfs.create_repo(repo=repo("data")))
step("create_repo data update", lambda: client.pfs.create_repo(repo=repo("data"), description="new", update=True))
for name in ["a/b", "a b", "a.b", "é", "-x", "", LONG, 32 * "0", "a^b", "a~", "eb49947ce3db4357bf651ce27f9dfcad", "abc@d"]:
    step(f"create_branch {name!r}", lambda: client.pfs.create_branch(branch=branch("data", name)))
step("list_branch data", lambda: listed(client.pfs.list_branch(repo=repo("data"))))
step("inspect_branch missing", lambda: client.pfs.inspect_branch(branch=branch("data", "nope")))
step("delete_branch missing", lambda: client.pfs.delete_branch(branch=branch("data", "nope")))
step("inspect_commit missing branch", lambda: client.pfs.inspect_commit(commit=head("data", "nope")))
step("inspect_commit missing id", lambda: client.pfs.inspect_commit(commit=by_id("data", NO_ID)))
step("inspect_commit non-uuid id", lambda: client.pfs.inspect_commit(commit=by_id("data", "xyz")))
step("list_file missing branch", lambda: listed(client.pfs.list_file(file=pfs.File(commit=head("data", "nope"), path="/"))))
step("list_file missing id", lambda: listed(client.pfs.list_file(file=pfs.File(commit=by_id("data", NO_ID), path="/"))))
step("finish_commit missing id", lambda: client.pfs.finish_commit(commit=by_id("data", NO_ID)))

commit = step("start_commit", lambda: client.pfs.start_commit(branch=branch("data"), description="d1"))
step("inspect_commit open", lambda: client.pfs.inspect_commit(commit=commit))
step("start_commit over open head", lambda: client.pfs.start_commit(branch=branch("data")))
step("put_file open", lambda: put(commit, "/a/1", b"one"))
step("put_file open 2", lambda: put(commit, "/a/2", b"two!"))
step("list_file open", lambda: listed(client.pfs.list_file(file=pfs.File(commit=commit, path="/a"))))
step("walk_file open", lambda: listed(client.pfs.walk_file(file=pfs.File(commit=commit, path="/"))))
step("get_file open", lambda: b"".join(piece.value for piece in client.pfs.get_file(file=pfs.File(commit=commit, path="/a/1"))))
step("clear_commit", lambda: client.pfs.clear_commit(commit=commit))
step("list_file after clear", lambda: listed(client.pfs.list_file(file=pfs.File(commit=commit, path="/"))))
step("put_file open 3", lambda: put(commit, "/a/1", b"one"))
step("append open", lambda: put(commit, "/a/1", b"+two", append=True))
step("overwrite same path", lambda: put(commit, "/o", b"1"))
step("overwrite same path", lambda: put(commit, "/o", b"2"))
step("put empty file", lambda: put(commit, "/empty", b""))
step("put path no slash", lambda: put(commit, "noslash", b"n"))
step("put path unicode", lambda: put(commit, "/é.txt", b"n"))
step("put path newline", lambda: put(commit, "/a\nb", b"n"))
step("put path glob *", lambda: put(commit, "/a*", b"n"))
for path in ["/a?b", "/a[b", "/a{b", "/a!b", "/a@b", "/a(b", "/a+b", "/a^b", "/a b", "/a\x00b", "", "/./q", "/x/../y"]:
    step(f"put path {path!r}", lambda: put(commit, path, b"n"))
for index, path in enumerate(["/", "/a//b", "/t/", "/a\\b"]):
    own = head("data", f"own{index}")
    if step(f"put path {path!r} (own branch)", lambda: put(own, path, b"n")) is None:
        put(own, "/instead", b"n")  # so that there are as many commits as in the recording
    step(f"  inspect_commit after {path!r}", lambda: finished(own))
    step(f"  walk after {path!r}", lambda: walked(own))
step("finish_commit", lambda: client.pfs.finish_commit(commit=commit, description="fin"))
step("inspect_commit right after finish", lambda: client.pfs.inspect_commit(commit=commit))
step("inspect_commit wait FINISHED", lambda: finished(commit))
step("finish_commit again", lambda: client.pfs.finish_commit(commit=commit))
root = pfs.File(commit=commit, path="/")


def at(path):
    return pfs.File(commit=commit, path=path)


def globbed(pattern):
    return [info.file.path for info in client.pfs.glob_file(commit=commit, pattern=pattern)]


step("list_file finished", lambda: listed(client.pfs.list_file(file=root)))
step("inspect_file /a", lambda: client.pfs.inspect_file(file=at("/a")))
step("inspect_file /a/1", lambda: client.pfs.inspect_file(file=at("/a/1")))
step("inspect_file missing", lambda: client.pfs.inspect_file(file=at("/missing")))
step("get_file missing", lambda: listed(client.pfs.get_file(file=at("/missing"))))
step("list_file missing path", lambda: listed(client.pfs.list_file(file=at("/missing"))))
step("list_file on a file", lambda: listed(client.pfs.list_file(file=at("/a/1"))))
step("get_file dir", lambda: listed(client.pfs.get_file(file=at("/a"))))
step("get_file root tar", lambda: sorted(client.pfs.pfs_tar_file(root).getnames()))
for pattern in ["*", "/*", "/", "/**", "/a/(1|2)"]:
    step(f"glob {pattern}", lambda: globbed(pattern))
step("glob bad [", lambda: globbed("/["))
step("walk_file /", lambda: [[i.file.path, pfs.FileType(i.file_type).name, i.size_bytes] for i in client.pfs.walk_file(file=root)])
with_branch = pfs.Commit(repo=repo("data"), id=commit.id, branch=branch("data"))
step("write to finished by id", lambda: put(with_branch, "/late", b"n"))
step("write to finished by id without branch", lambda: put(by_id("data", commit.id), "/late", b"n"))
step("delete_file in finished by id", lambda: client.pfs.delete_file(commit=with_branch, path="/o"))
step("write to branch (auto-commit)", lambda: put(head("data"), "/auto", b"n"))
finished(head("data"))


def commits(**arguments):
    return listed(client.pfs.list_commit(repo=repo("data"), **arguments))


step(
    "list_commit data",
    lambda: [[short(i.commit), pfs.OriginKind(i.origin.kind).name, short(i.parent_commit), i.description] for i in commits()],
)
step("list_commit reverse number 2", lambda: [short(i.commit) for i in commits(reverse=True, number=2)])
step("list_commit origin_kind AUTO", lambda: [short(i.commit) for i in commits(origin_kind=pfs.OriginKind.AUTO)])
step("list_commit all=True", lambda: [[short(i.commit), pfs.OriginKind(i.origin.kind).name] for i in commits(all=True)])
side = step("start_commit with parent", lambda: client.pfs.start_commit(branch=branch("data", "side"), parent=commit))
step("inspect_commit side", lambda: client.pfs.inspect_commit(commit=side))
step("finish side with error", lambda: client.pfs.finish_commit(commit=side, error="boom"))
finished(side)
step("inspect side errored", lambda: client.pfs.inspect_commit(commit=side))
step("list_file errored commit", lambda: listed(client.pfs.list_file(file=pfs.File(commit=side, path="/"))))
step("start_commit without branch", lambda: client.pfs.start_commit())
step("start_commit branch no name", lambda: client.pfs.start_commit(branch=branch("data", "")))
for name, upstream in [("d1", "data"), ("d2", "d1"), ("d3", "d2")]:
    client.pfs.create_repo(repo=repo(name))
    step(
        f"create_branch {name}@master <- {upstream}",
        lambda: client.pfs.create_branch(branch=branch(name), provenance=[branch(upstream)]),
    )
step("inspect_branch d3", lambda: client.pfs.inspect_branch(branch=branch("d3")))
step("inspect_branch data", lambda: client.pfs.inspect_branch(branch=branch("data")))
base = step("start_commit data", lambda: client.pfs.start_commit(branch=branch("data")))
step("put", lambda: put(base, "/base", b"n"))
step("finish", lambda: client.pfs.finish_commit(commit=base))
set_of = pfs.CommitSet(id=base.id)
step("inspect_commit_set nowait", lambda: listed(client.pfs.inspect_commit_set(commit_set=set_of)))
step("inspect_commit_set missing", lambda: listed(client.pfs.inspect_commit_set(commit_set=pfs.CommitSet(id=NO_ID))))
step(
    "list_commit_set",
    lambda: [[i.commit_set.id[:8], len(i.commits)] for i in client.pfs.list_commit_set(project=project())][:6],
)


def names(infos):
    return [[info.commit.repo.name, short(info.commit)] for info in infos]


step("walk_commit_provenance d3", lambda: names(client.pfs.walk_commit_provenance(start=[head("d3").as_picker()])))
step("walk_commit_subvenance data", lambda: names(client.pfs.walk_commit_subvenance(start=[head("data").as_picker()])))
step("put to derived d1@master (open AUTO commit)", lambda: put(head("d1"), "/mine", b"n"))
step("finish d1", lambda: client.pfs.finish_commit(commit=head("d1")))
step("put to derived d1@master (finished AUTO head)", lambda: put(head("d1"), "/mine", b"n"))
step("start_commit on derived d1@master", lambda: client.pfs.start_commit(branch=branch("d1")))
step("cycle", lambda: client.pfs.create_branch(branch=branch("data"), provenance=[branch("d3")]))
step("self repo provenance", lambda: client.pfs.create_branch(branch=branch("data", "self"), provenance=[branch("data")]))
step("provenance on missing repo", lambda: client.pfs.create_branch(branch=branch("d1", "other"), provenance=[branch("nope")]))
step("delete_repo with downstream", lambda: client.pfs.delete_repo(repo=repo("data")))
step("delete_branch with downstream", lambda: client.pfs.delete_branch(branch=branch("data")))
step("squash_commit_set head", lambda: client.pfs.squash_commit_set(commit_set=set_of))
step("squash_commit_set non-head", lambda: client.pfs.squash_commit_set(commit_set=pfs.CommitSet(id=commit.id)))
step("list_commit after squash", lambda: [[short(i.commit), short(i.parent_commit)] for i in commits()])
step("drop_commit_set head", lambda: client.pfs.drop_commit_set(commit_set=set_of))
step("list_commit after drop", lambda: [[short(i.commit), short(i.parent_commit)] for i in commits()])
step("drop_commit_set missing", lambda: client.pfs.drop_commit_set(commit_set=pfs.CommitSet(id=NO_ID)))
step("squash_commit_set missing", lambda: client.pfs.squash_commit_set(commit_set=pfs.CommitSet(id=NO_ID)))
step("delete_repo force with downstream", lambda: client.pfs.delete_repo(repo=repo("data"), force=True))

client.pfs.create_repo(repo=repo("df"))
with client.pfs.commit(branch=branch("df")) as first:
    first.put_file_from_bytes("/x", b"1")
    first.put_file_from_bytes("/y", b"1")
finished(head("df"))
with client.pfs.commit(branch=branch("df")) as second:
    second.put_file_from_bytes("/x", b"2")
    second.delete_file(path="/y")
    second.put_file_from_bytes("/z", b"1")
finished(head("df"))
step("diff_file", lambda: listed(client.pfs.diff_file(new_file=pfs.File(commit=head("df"), path="/"))))


def subscribed():
    later = threading.Thread(target=lambda: [put(head("df"), "/live", b"n"), finished(head("df")), put(head("df"), "/live", b"m")])
    stream = client.pfs.subscribe_commit(repo=repo("df"), branch="master", state=pfs.CommitState.FINISHED, all=True)
    events = []
    for info in stream:
        events.append([short(info.commit), info.finished.timestamp() > 0])
        if len(events) == 2:
            later.start()
        if len(events) == 4:
            return events


step("subscribe_commit", subscribed)


def two_repos():
    with client.transaction.transaction():
        client.pfs.create_repo(repo=repo("tx1"))
        client.pfs.create_repo(repo=repo("tx2"))
    return [info.repo.name for info in client.pfs.list_repo(type="user", projects=[project()])]


def two_commits():
    with client.transaction.transaction():
        made = [client.pfs.start_commit(branch=branch(name)) for name in ["tx1", "tx2"]]
    return [commit.id for commit in made]


step("transaction 2 repos", two_repos)
step("transaction: two start_commit share one id", two_commits)
step("delete_project nonempty", lambda: client.pfs.delete_project(project=project()))
step("egress/list_task", lambda: listed(client.pfs.list_task()))
