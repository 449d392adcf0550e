/** k6 gives an array back that cannot be changed. */
export const SharedArray = class<T> {
  constructor(_name: string, make: () => T[]) {
    // biome-ignore lint/correctness/noConstructorReturn: k6's own class does so.
    return Object.freeze(make()) as unknown as SharedArrayLike<T>
  }
}

type SharedArrayLike<T> = readonly T[]
