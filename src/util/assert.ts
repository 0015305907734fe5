/** Checks that stay on in production: a broken invariant must end the process before it reaches the disk. */

/** An invariant of the program itself does not hold. Never caught to go on. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** @throws AssertionError unless `condition` holds */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** For the `default` of a switch over a union: stops compiling when a member is added. */
export function unreachable(value: never): never {
  throw new AssertionError(`Unexpected value: ${String(value)}`);
}
