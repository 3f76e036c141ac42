/** Some at a time: each is its own request, and the server has other callers. */
export async function severally(ids: readonly string[], act: (id: string) => Promise<unknown>): Promise<void> {
  const waiting = [...ids];
  const work = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) await act(id);
  };
  await Promise.all(Array.from({ length: Math.min(6, ids.length) }, work));
}
