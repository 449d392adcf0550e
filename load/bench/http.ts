export async function benchHttp(
  _options: { seconds: number; data: string },
  _say: (line: string) => void,
): Promise<{ figures: Record<string, number>; notes: string[] }> {
  throw new Error('waits for the client')
}
