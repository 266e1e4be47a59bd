/**
 * The pipeline specs of the recorded commands, by the names of their files. Those that the recordings show are as they were;
 * of the others, what they do is known from what came of them.
 */
const shell = (stdin: string) => ({ cmd: ["sh"], stdin: [stdin] });
const pfs = (repo: string, more: object = {}) => ({ pfs: { repo, glob: "/*", ...more } });
const named = (name: string, more: object) => ({ pipeline: { name }, ...more });
const TRUE = { cmd: ["true"] };

export const SPECS: Readonly<Record<string, object>> = {
  "bad-noinput": named("bad1", { transform: TRUE }),
  "bad-norepo": named("bad2", { transform: TRUE, input: pfs("missing") }),
  "bad-noglob": named("bad3", { transform: TRUE, input: { pfs: { repo: "in" } } }),
  "bad-notransform": named("bad4", { input: pfs("in") }),
  "bad-nocmd": named("bad5", { transform: {}, input: pfs("in") }),
  "bad-field": named("bad6", { transform: TRUE, inputt: pfs("in") }),
  "bad-name": named("bad name", { transform: TRUE, input: pfs("in") }),
  "bad-long": named("a".repeat(76), { transform: TRUE, input: pfs("in") }),
  "bad-self": named("in", { transform: TRUE, input: pfs("in") }),
  "bad-dupname": named("bad10", { transform: TRUE, input: { cross: [pfs("in"), pfs("in")] } }),
  count: named("count", {
    description: "counts bytes",
    transform: shell("for f in /pfs/in/*; do wc -c < $f > /pfs/out/$(basename $f); done; echo processed"),
    input: pfs("in"),
  }),
  sum: named("sum", {
    transform: shell("cat /pfs/count/* | awk '{s+=$1} END{print s}' > /pfs/out/total; env | sort > /pfs/out/env"),
    input: { pfs: { repo: "count", glob: "/" } },
  }),
  fail: named("fail", { transform: shell("echo oops >&2; exit 3"), input: pfs("in"), datum_tries: "2" }),
  afterfail: named("afterfail", { transform: TRUE, input: pfs("fail", { glob: "/" }) }),
  cross: named("cross", {
    transform: shell("echo x > /pfs/out/$(basename $in)-$(basename $in2)"),
    input: { cross: [pfs("in"), pfs("in2")] },
  }),
  join: named("join", {
    transform: shell("printf '%024d' 1 > /pfs/out/$(basename $in)"),
    input: { join: [pfs("in", { glob: "/(*)", join_on: "$1" }), pfs("in2", { glob: "/(*)", join_on: "$1" })] },
  }),
  group: named("group", {
    transform: shell('cat $in $in2 > /dev/null && test -n "$in" -a -n "$in2" && printf \'%024d\' 1 > /pfs/out/$(basename $in)'),
    input: { group: [pfs("in", { glob: "/(*)", group_by: "$1" }), pfs("in2", { glob: "/(*)", group_by: "$1" })] },
    datum_tries: "1",
  }),
  union: named("union", {
    transform: shell("printf '%06d' 1 > /pfs/out/x"),
    input: { union: [pfs("in", { name: "u" }), pfs("in2", { name: "u" })] },
  }),
  cron: named("cron", {
    transform: shell("basename $tick > /pfs/out/tick"),
    input: { cron: { name: "tick", spec: "@never" } },
  }),
  "nooutput-collide": named("collide", { transform: shell("echo x > /pfs/out/same"), input: pfs("in") }),
};

/** The defaults of the cluster that was recorded. */
export const CLUSTER_DEFAULTS = {
  create_pipeline_request: {
    resource_requests: { cpu: 1, memory: "256Mi", disk: "1Gi" },
    sidecar_resource_requests: { cpu: 1, memory: "256Mi", disk: "1Gi" },
  },
};
