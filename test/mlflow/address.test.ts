import { describe, expect, test } from "vitest";
import { parseMlflowAddress, withoutCredentials } from "../../src/mlflow/address.ts";
import { MlflowClient } from "../../src/mlflow/client.ts";

const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;

describe("parseMlflowAddress", () => {
  test("keeps a path, drops the final slash", () => {
    expect(parseMlflowAddress("https://ml.example.org/mlflow/", {})).toEqual({
      uri: "https://ml.example.org/mlflow",
      isLoopback: false,
      authorization: undefined,
    });
  });

  test.each(["http://localhost:5000", "http://127.0.0.1:5000", "http://[::1]:5000"])("%s is loopback", (uri) => {
    expect(parseMlflowAddress(uri, {}).isLoopback).toBe(true);
  });

  test("takes credentials from the address before those of the environment, and never shows them", () => {
    const env = { MLFLOW_TRACKING_USERNAME: "bob", MLFLOW_TRACKING_PASSWORD: "b" };
    const address = parseMlflowAddress("http://alice:s%40crët@host:1/", env);
    expect(address).toEqual({ uri: "http://host:1", isLoopback: false, authorization: basic("alice:s@crët") });
    expect(new MlflowClient({ uri: "http://alice:s%40crët@host:1/" }).uri).toBe("http://host:1");
  });

  test("takes user and password before a token", () => {
    const token = { MLFLOW_TRACKING_TOKEN: "t0" };
    expect(parseMlflowAddress("http://h", token).authorization).toBe("Bearer t0");
    const both = { ...token, MLFLOW_TRACKING_USERNAME: "bob", MLFLOW_TRACKING_PASSWORD: "b" };
    expect(parseMlflowAddress("http://h", both).authorization).toBe(basic("bob:b"));
  });

  test("takes a token that ends with a line break, and refuses one with a line break in it", () => {
    expect(parseMlflowAddress("http://h", { MLFLOW_TRACKING_TOKEN: "t0\n" }).authorization).toBe("Bearer t0");
    expect(() => parseMlflowAddress("http://h", { MLFLOW_TRACKING_TOKEN: "t0\nt1" })).toThrow(
      expect.objectContaining({ code: "USAGE", message: expect.not.stringContaining("t1") }),
    );
  });

  test("takes a per cent sign in a password for itself", () => {
    expect(parseMlflowAddress("http://a:100%@h", {}).authorization).toBe(basic("a:100%"));
  });

  test.each(["", "mlruns", "file:///mlruns", "sqlite:///m.db", "databricks"])("%j is no server", (uri) => {
    expect(() => parseMlflowAddress(uri, {})).toThrow(expect.objectContaining({ code: "USAGE" }));
  });

  test("a broken address does not show its password either", () => {
    expect(withoutCredentials("http://alice:secret@host:99999999/x")).not.toContain("secret");
    expect(() => parseMlflowAddress("ftp://alice:secret@host/", {})).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("secret") }),
    );
  });
});
