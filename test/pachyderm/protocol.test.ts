import { describe, expect, test } from "vitest";
import { loadProtocol, loadTypes } from "../../src/pachyderm/protocol.ts";

describe("the protocol", () => {
  test("has Pachyderm's services under their own names", () => {
    const protocol = loadProtocol();
    const paths = [
      protocol.pfs_v2.API.service.InspectCommit,
      protocol.pps_v2.API.service.CreatePipelineV2,
      protocol.admin_v2.API.service.InspectCluster,
      protocol.versionpb_v2.API.service.GetVersion,
      protocol.transaction_v2.API.service.BatchTransaction,
      protocol.metadata.API.service.EditMetadata,
      protocol.auth_v2.API.service.WhoAmI,
      protocol.enterprise_v2.API.service.GetState,
      protocol.pachyderm.worker.Worker.service.NextDatum,
    ].map((method) => method.path);
    expect(paths).toEqual([
      "/pfs_v2.API/InspectCommit",
      "/pps_v2.API/CreatePipelineV2",
      "/admin_v2.API/InspectCluster",
      "/versionpb_v2.API/GetVersion",
      "/transaction_v2.API/BatchTransaction",
      "/metadata.API/EditMetadata",
      "/auth_v2.API/WhoAmI",
      "/enterprise_v2.API/GetState",
      "/pachyderm.worker.Worker/NextDatum",
    ]);
    expect(Object.keys(protocol.pfs_v2.API.service)).toHaveLength(56);
    expect(Object.keys(protocol.pps_v2.API.service)).toHaveLength(42);
  });

  test.each([
    ["pfs_v2.Commit", { branch: 1, id: 2, repo: 3 }],
    ["pfs_v2.Repo", { name: 1, type: 2, project: 3 }],
    ["pfs_v2.CommitInfo", { error: 10, size_bytes_upper_bound: 11, details: 12, direct_provenance: 13, direct_subvenance: 15 }],
    ["pfs_v2.ListFileRequest", { file: 1, paginationMarker: 3, number: 4, reverse: 5 }],
    ["pps_v2.Pipeline", { name: 1, project: 2 }],
    ["pps_v2.PFSInput", { name: 1, repo: 2, branch: 3, repo_type: 13, project: 14, reference: 16 }],
    ["pps_v2.StopJobRequest", { job: 1, reason: 3 }],
    ["pps_v2.LogMessage", { message: 9, project_name: 10 }],
  ])("numbers the fields of %s as Pachyderm does", (name, numbers) => {
    const { fields } = loadTypes().lookupType(name);
    expect(Object.fromEntries(Object.keys(numbers).map((field) => [field, fields[field]?.id]))).toEqual(numbers);
  });

  test("goes over the wire byte for byte as Pachyderm writes it", () => {
    const { requestSerialize } = loadProtocol().pfs_v2.API.service.InspectCommit;
    const commit = { repo: { name: "r", type: "user", project: { name: "p" } }, id: "master" };
    // commit=1 {id=2 "master", repo=3 {name=1 "r", type=2 "user", project=3 {name=1 "p"}}}, wait=2 FINISHED
    const hex = ["0a18", "12066d6173746572", "1a0e", "0a0172", "120475736572", "1a030a0170", "1004"].join("");
    expect(requestSerialize({ commit, wait: "FINISHED" }).toString("hex")).toBe(hex);
  });
});
