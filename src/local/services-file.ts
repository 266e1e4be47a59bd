import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { StemmaError } from "../lineage/errors.ts";
import type { ProcessId } from "./processes.ts";
import type { StateFolder } from "./state-folder.ts";

export const SERVICE_NAMES = ["engine", "mlflow"] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** All services of ours listen here only. */
export const HOST = "127.0.0.1";

/** A service that we started at some time. Without a process it has been stopped, and its port is kept for the next start. */
export interface ServiceRecord {
  readonly port: number;
  readonly process: ProcessId | undefined;
  /**
   * Of the engine, the port of its S3 gateway, if it has one. Of MLflow, the port of the gateway that its artifacts go to;
   * undefined where they go to a folder.
   */
  readonly s3Port?: number | undefined;
}

interface StoredService extends Partial<ProcessId> {
  readonly address?: string;
  readonly uri?: string;
  readonly s3?: string;
}

/** Where a service is, as its clients want it: `host:port` for the engine, a URL for MLflow. */
export function addressOf(name: ServiceName, port: number): string {
  return name === "engine" ? `${HOST}:${port}` : `http://${HOST}:${port}`;
}

/** Where the S3 gateway on that port is. */
export function s3AddressOf(port: number): string {
  return `http://${HOST}:${port}`;
}

export function findRecord(folder: StateFolder, name: ServiceName): ServiceRecord | undefined {
  const stored = readServices(folder)[name];
  if (stored === undefined) return undefined;
  const port = portOf(stored.address ?? stored.uri ?? "");
  const s3Port = stored.s3 === undefined ? undefined : portOf(stored.s3);
  if (Number.isNaN(port) || Number.isNaN(s3Port)) throw unreadable(folder);
  const { pid, startTime } = stored;
  return { port, process: pid === undefined || startTime === undefined ? undefined : { pid, startTime }, s3Port };
}

/** Replaces the file at once, so that a reader sees the old record or the new one. */
export function writeRecord(folder: StateFolder, name: ServiceName, record: ServiceRecord): void {
  const address = addressOf(name, record.port);
  const s3 = record.s3Port === undefined ? {} : { s3: s3AddressOf(record.s3Port) };
  const stored: StoredService = { ...record.process, ...(name === "engine" ? { address } : { uri: address }), ...s3 };
  const services = { ...readServices(folder), [name]: stored };
  mkdirSync(folder.path, { recursive: true });
  const draft = `${folder.servicesFile}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(services, undefined, 2)}\n`);
  renameSync(draft, folder.servicesFile);
}

function portOf(address: string): number {
  return Number(/:(\d+)$/.exec(address)?.[1]);
}

function readServices(folder: StateFolder): Partial<Record<ServiceName, StoredService>> {
  if (!existsSync(folder.servicesFile)) return {};
  try {
    return JSON.parse(readFileSync(folder.servicesFile, "utf8")) as Partial<Record<ServiceName, StoredService>>;
  } catch (error) {
    if (error instanceof SyntaxError) throw unreadable(folder, error);
    throw error;
  }
}

function unreadable(folder: StateFolder, cause?: unknown): StemmaError {
  return new StemmaError("FAILED", `${folder.servicesFile} is damaged;`, {
    hint: "delete it, and end services that still run by hand.",
    cause,
  });
}
