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
}

interface StoredService extends Partial<ProcessId> {
  readonly address?: string;
  readonly uri?: string;
}

/** Where a service is, as its clients want it: `host:port` for the engine, a URL for MLflow. */
export function addressOf(name: ServiceName, port: number): string {
  return name === "engine" ? `${HOST}:${port}` : `http://${HOST}:${port}`;
}

export function findRecord(folder: StateFolder, name: ServiceName): ServiceRecord | undefined {
  const stored = readServices(folder)[name];
  if (stored === undefined) return undefined;
  const port = Number(/:(\d+)$/.exec(stored.address ?? stored.uri ?? "")?.[1]);
  if (!Number.isInteger(port)) throw unreadable(folder);
  const { pid, startTime } = stored;
  return { port, process: pid === undefined || startTime === undefined ? undefined : { pid, startTime } };
}

/** Replaces the file at once, so that a reader sees the old record or the new one. */
export function writeRecord(folder: StateFolder, name: ServiceName, record: ServiceRecord): void {
  const address = addressOf(name, record.port);
  const stored: StoredService = { ...record.process, ...(name === "engine" ? { address } : { uri: address }) };
  const services = { ...readServices(folder), [name]: stored };
  mkdirSync(folder.path, { recursive: true });
  const draft = `${folder.servicesFile}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(services, undefined, 2)}\n`);
  renameSync(draft, folder.servicesFile);
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
