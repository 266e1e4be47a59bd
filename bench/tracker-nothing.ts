import type { Figure } from "./figure.ts";
import { recordCalls, timeOfCalls } from "./tracker-calls.ts";
import { type Place, runPeer, track } from "./tracker-process.ts";
import { PEER, inTurns, timeMs } from "./tracker-turns.ts";

/** A run with nothing in it: what of the time is not the server's. */
export async function benchNothing(place: Place): Promise<{ readonly figures: readonly Figure[]; readonly ms: number }> {
  const ours = async (uri = place.uri): Promise<number> => (await track({ ...place, uri }, ["true"])).ms;
  const peers = (uri = place.uri): Promise<number> => timeMs(() => runPeer({ ...place, uri }, "run.py"));
  const ourCalls = await recordCalls(place.uri, ours);
  const peerCalls = await recordCalls(place.uri, peers);
  const [oursMs, peerMs, ourServerMs, peerServerMs] = await inTurns(7, [
    () => ours(),
    () => peers(),
    () => timeOfCalls(place.uri, ourCalls),
    () => timeOfCalls(place.uri, peerCalls),
  ]);
  process.stderr.write(
    `stemma track -- true: ${oursMs.toFixed(0)} ms, ${ourServerMs.toFixed(0)} of them the server's for ${ourCalls.length} calls; ` +
      `Python: ${peerMs.toFixed(0)} ms, ${peerServerMs.toFixed(0)} for ${peerCalls.length}\n`,
  );
  const work = "track -- true, without the server's time";
  const figure = { work, ours: oursMs - ourServerMs, peer: peerMs - peerServerMs, peerName: PEER, unit: "ms", limit: 1 / 5 };
  return { figures: [figure], ms: oursMs };
}
