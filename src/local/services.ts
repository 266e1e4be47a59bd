import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { StemmaError } from "../lineage/errors.ts";
import { requireFreePort } from "./ports.ts";
import { findProcess, isAlive, stopGroup } from "./processes.ts";
import type { ProcessId } from "./processes.ts";
import { HOST, addressOf, findRecord, writeRecord } from "./services-file.ts";
import type { ServiceName } from "./services-file.ts";
import type { StateFolder } from "./state-folder.ts";

/** What to run for a service and how to know that it is ready. */
export interface ServiceDefinition {
  readonly name: ServiceName;
  readonly title: string;
  readonly defaultPort: number;
  /** The option of `stemma up` that chooses the port. */
  readonly portOption: string;
  readonly startLimitMs: number;
  /** Remembered with its port: see ServiceRecord. */
  readonly s3Port?: number | undefined;
  command(port: number): ServiceCommand;
  /** Resolves to true once the service at that address answers as it should. */
  answers(address: string): Promise<boolean>;
}

interface ServiceCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface StartOptions {
  /** Given by the user; else the port of the last time, else the usual one. */
  readonly port: number | undefined;
  readonly signal: AbortSignal;
  /** Called every few seconds while the service is starting. */
  readonly onWaiting: (seconds: number) => void;
}

/** Where a service is and whether this call started it. */
export interface StartedService {
  readonly address: string;
  readonly pid: number;
  readonly isNew: boolean;
}

/** What is known of a service without asking it. */
export interface ServiceState {
  readonly address: string;
  /** Undefined when it does not run. */
  readonly pid: number | undefined;
  readonly logFile: string;
  /** See ServiceRecord. */
  readonly s3Port: number | undefined;
}

const POLL_MS = 100;
const REPORT_EVERY_MS = 5000;
const STOP_LIMIT_MS = 20_000;
const LOG_TAIL_LINES = 3;

/** Starts a service in the background and waits until it answers. One that runs already is left as it is. */
export async function startService(
  folder: StateFolder,
  service: ServiceDefinition,
  options: StartOptions,
): Promise<StartedService> {
  const record = findRecord(folder, service.name);
  const running = record?.process !== undefined && isAlive(record.process) ? record.process : undefined;
  if (record !== undefined && running !== undefined) {
    requireSamePort(service, record.port, options.port);
    const address = addressOf(service.name, record.port);
    await untilReady(folder, service, { address, process: running }, options);
    return { address, pid: running.pid, isNew: false };
  }
  const port = options.port ?? record?.port ?? service.defaultPort;
  await requireFreePort(HOST, port, `give another with ${service.portOption}`);
  const started = await launch(service, service.command(port), logFileOf(folder, service.name));
  writeRecord(folder, service.name, { port, process: started, s3Port: service.s3Port });
  const address = addressOf(service.name, port);
  await untilReady(folder, service, { address, process: started }, options);
  return { address, pid: started.pid, isNew: true };
}

/** Looks a service up, or undefined when none was ever started here. */
export function findService(folder: StateFolder, name: ServiceName): ServiceState | undefined {
  const record = findRecord(folder, name);
  if (record === undefined) return undefined;
  const pid = record.process !== undefined && isAlive(record.process) ? record.process.pid : undefined;
  return { address: addressOf(name, record.port), pid, logFile: logFileOf(folder, name), s3Port: record.s3Port };
}

/** Stops a service and all that it has started. Resolves to what ran, or undefined when nothing did. */
export async function stopService(folder: StateFolder, name: ServiceName): Promise<ServiceState | undefined> {
  const record = findRecord(folder, name);
  const state = findService(folder, name);
  if (record?.process === undefined || state?.pid === undefined) return undefined;
  await stopGroup(record.process, STOP_LIMIT_MS);
  writeRecord(folder, name, { ...record, process: undefined });
  return state;
}

export function logFileOf(folder: StateFolder, name: ServiceName): string {
  return join(folder.logFolder, `${name}.log`);
}

function requireSamePort(service: ServiceDefinition, port: number, wanted: number | undefined): void {
  if (wanted === undefined || wanted === port) return;
  throw new StemmaError("USAGE", `${service.title} already runs on port ${port}; stop it first with "stemma down"`);
}

/** Starts the command in a group of its own, so that Ctrl-C here does not reach it, and all of it can be stopped at once. */
async function launch(service: ServiceDefinition, command: ServiceCommand, logFile: string): Promise<ProcessId> {
  mkdirSync(join(logFile, ".."), { recursive: true });
  const log = openSync(logFile, "a");
  const { program, args, cwd, env } = command;
  const child = spawn(program, [...args], { cwd, env, detached: true, stdio: ["ignore", log, log] });
  closeSync(log);
  const spawned = Promise.withResolvers<void>();
  child.once("spawn", spawned.resolve);
  child.once("error", (cause) =>
    spawned.reject(new StemmaError("FAILED", `cannot start ${service.title}: ${cause.message}`, { cause })),
  );
  await spawned.promise;
  child.unref();
  const found = child.pid === undefined ? undefined : findProcess(child.pid);
  if (found === undefined) throw endedEarly(service, logFile);
  return found;
}

async function untilReady(
  folder: StateFolder,
  service: ServiceDefinition,
  running: { readonly address: string; readonly process: ProcessId },
  { signal, onWaiting }: StartOptions,
): Promise<void> {
  const startedAt = Date.now();
  let reportAt = startedAt + REPORT_EVERY_MS;
  while (!(await service.answers(running.address))) {
    const now = Date.now();
    if (!isAlive(running.process)) throw endedEarly(service, logFileOf(folder, service.name));
    if (now > startedAt + service.startLimitMs) throw tooSlow(service, logFileOf(folder, service.name));
    if (now > reportAt) {
      onWaiting(Math.round((now - startedAt) / 1000));
      reportAt += REPORT_EVERY_MS;
    }
    signal.throwIfAborted();
    await delay(POLL_MS);
  }
}

function endedEarly(service: ServiceDefinition, logFile: string): StemmaError {
  return new StemmaError("FAILED", `${service.title} ended while it was starting: ${tailOf(logFile)}`, {
    hint: `The whole log is in ${logFile}.`,
  });
}

function tooSlow(service: ServiceDefinition, logFile: string): StemmaError {
  const seconds = service.startLimitMs / 1000;
  return new StemmaError("UNREACHABLE", `${service.title} does not answer after ${seconds} s;`, {
    hint: `see ${logFile}, or stop it with "stemma down".`,
  });
}

function tailOf(logFile: string): string {
  const lines = existsSync(logFile)
    ? readFileSync(logFile, "utf8")
        .split("\n")
        .filter((line) => line.trim() !== "")
    : [];
  return lines.slice(-LOG_TAIL_LINES).join(" | ") || "it wrote nothing";
}
