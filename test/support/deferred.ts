/** A promise that its owner resolves: `Promise.withResolvers`, which Node 20 lacks. */
export class Deferred<T> {
  resolve: (value: T) => void = () => undefined;
  readonly promise = new Promise<T>((resolve) => {
    this.resolve = resolve;
  });
}
