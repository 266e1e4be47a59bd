// Which way imports point; see ARCHITECTURE.md. test/house/imports.test.ts plants a violation to see that this finds it.
const layer = (name, path, allowed) => ({
  name,
  severity: "error",
  from: { path: `^${path}/` },
  to: { path: "^src/", pathNot: `^(${[path, ...allowed].join("|")})/` },
});
/** The engine's rules stand on its storage, and what the network sees on its rules. */
const ENGINE = ["tree", "store", "files", "pfs", "pps", "work"];
const engineLayers = ENGINE.map((folder, index) => ({
  name: `engine-${folder}-knows-what-is-below`,
  severity: "error",
  from: { path: `^src/engine/${folder}/` },
  to: { path: `^src/engine/(${[...ENGINE.slice(index + 1), "services", "s3"].join("|")})/` },
}));
const LINEAGE = "src/lineage";
const PACHYDERM = "src/pachyderm";
const MLFLOW = "src/mlflow";

module.exports = {
  forbidden: [
    { name: "no-circular", severity: "error", from: {}, to: { circular: true, dependencyTypesNot: ["type-only"] } },
    layer("lineage-knows-nothing-of-ours", LINEAGE, []),
    layer("pachyderm-knows-lineage", PACHYDERM, [LINEAGE]),
    layer("mlflow-knows-lineage", MLFLOW, [LINEAGE]),
    layer("tracker-knows-its-servers", "src/tracker", [LINEAGE, PACHYDERM, MLFLOW]),
    layer("collect-knows-its-sources", "src/collect", [LINEAGE, PACHYDERM, MLFLOW]),
    layer("verify-knows-both-ends", "src/verify", [LINEAGE, PACHYDERM, MLFLOW, "src/collect", "src/tracker"]),
    layer("reproduce-knows-both-ends", "src/reproduce", [LINEAGE, PACHYDERM, MLFLOW, "src/collect", "src/tracker"]),
    layer("stages-know-nothing-but-errors", "src/stages", [LINEAGE]),
    layer("local-knows-nothing-but-errors", "src/local", [LINEAGE]),
    ...engineLayers,
    {
      name: "engine-knows-only-the-protocol",
      severity: "error",
      from: { path: "^src/engine/" },
      to: { path: "^src/", pathNot: "^src/(engine|lineage)/|^src/pachyderm/(protocol\\.ts|generated/)" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default"] },
  },
};
