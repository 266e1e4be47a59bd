import { describe, expect, test } from "vitest";
import { lockedOptions, parseMounts, placesOf } from "../../../src/engine/sandbox/mount-table.ts";

/**
 * A disk at /, whose folder /data is mounted at /srv and whose folder /home/me/.stemma at "/mnt/a b" too; another disk at /home2.
 */
const MOUNTS = parseMounts(`21 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
22 21 0:5 / /proc rw,nosuid,nodev,noexec - proc proc rw
23 21 8:1 /data /srv rw,nosuid,nodev - ext4 /dev/sda1 rw
24 21 8:1 /home/me/.stemma /mnt/a\\040b rw - ext4 /dev/sda1 rw
25 21 8:2 / /home2 ro,noatime - ext4 /dev/sdb1 ro
`);

describe("the places where a folder can be seen", () => {
  test.each([
    ["its own path", "/opt/engine", ["/opt/engine"]],
    ["where a folder above it is mounted too", "/data/engine", ["/data/engine", "/srv/engine"]],
    ["where it is mounted itself", "/home/me/.stemma", ["/home/me/.stemma", "/mnt/a b"]],
    ["where a folder in it is mounted", "/home/me", ["/home/me", "/mnt/a b"]],
    ["by the path of the mount that shows it, all others", "/srv/engine", ["/srv/engine", "/data/engine"]],
    ["on another disk, its own path", "/home2/engine", ["/home2/engine"]],
  ])("are %s", (_, folder, places) => expect(placesOf(MOUNTS, folder)).toEqual(places));
});

test("a read-only view of a folder keeps what its mount forbids", () => {
  expect(lockedOptions(MOUNTS, "/srv/x")).toEqual(["nosuid", "nodev"]);
  expect(lockedOptions(MOUNTS, "/home2")).toEqual(["noatime"]);
  expect(lockedOptions(MOUNTS, "/etc")).toEqual([]);
});
