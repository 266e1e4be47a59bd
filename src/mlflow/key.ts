const MAX_KEY_LENGTH = 250;

/**
 * Why MLflow would refuse this name of a param, metric or tag, or undefined when it takes it. One bad name makes it
 * refuse the whole call, so callers sort them out before.
 */
export function keyProblem(key: string): string | undefined {
  if (key === "") return "the key is empty";
  if (key.length > MAX_KEY_LENGTH) return `the key is longer than ${MAX_KEY_LENGTH} characters`;
  if (!/^[\p{L}\p{N}_\-. :/]+$/u.test(key))
    return `the key "${key}" holds something else than letters, digits, spaces and _ - . : /`;
  if (key.startsWith("..") || key.split("/").some((part) => part === "" || part === "." || part === ".."))
    return `the key "${key}" is no plain path`;
  return undefined;
}
