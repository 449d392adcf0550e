/** What our scripts ask of the engine; the runner counts. */
export const scenario = { iterationInTest: 0 }

export default {
  scenario,
  test: {
    abort(reason: string): never {
      throw new Error(`aborted: ${reason}`)
    },
  },
}
