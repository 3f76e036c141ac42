/** A surface over scattered points, and lines of equal height on it. Pure. */

export interface Spot {
  x: number; // 0 to 1
  y: number;
  z: number;
}

export interface Surface {
  wide: number;
  tall: number;
  /** Heights row by row, from the bottom. */
  heights: Float64Array;
}

/** At each place the mean of all spots, those that are near counting most: through the spots themselves, and nowhere beyond them. */
export function surface(spots: readonly Spot[], wide: number, tall: number): Surface {
  const heights = new Float64Array(wide * tall);
  for (let row = 0; row < tall; row += 1) {
    for (let column = 0; column < wide; column += 1) {
      const [x, y] = [column / (wide - 1), row / (tall - 1)];
      let sum = 0;
      let weights = 0;
      for (const spot of spots) {
        const weight = 1 / ((spot.x - x) ** 2 + (spot.y - y) ** 2 + 1e-6) ** 1.5;
        sum += weight * spot.z;
        weights += weight;
      }
      heights[row * wide + column] = weights ? sum / weights : Number.NaN;
    }
  }
  return { wide, tall, heights };
}

export type Segment = readonly [x1: number, y1: number, x2: number, y2: number];

/** Where the surface is as high as `level`: pieces of lines, in the same 0 to 1. Marching squares. */
export function contour({ wide, tall, heights }: Surface, level: number): Segment[] {
  const found: Segment[] = [];
  const at = (column: number, row: number) => heights[row * wide + column] as number;
  for (let row = 0; row + 1 < tall; row += 1) {
    for (let column = 0; column + 1 < wide; column += 1) {
      const corners = [at(column, row), at(column + 1, row), at(column + 1, row + 1), at(column, row + 1)] as const;
      const crossed: [number, number][] = [];
      const edge = (a: number, b: number, x1: number, y1: number, x2: number, y2: number) => {
        if (a < level === b < level) return;
        const part = (level - a) / (b - a);
        crossed.push([(column + x1 + (x2 - x1) * part) / (wide - 1), (row + y1 + (y2 - y1) * part) / (tall - 1)]);
      };
      edge(corners[0], corners[1], 0, 0, 1, 0);
      edge(corners[1], corners[2], 1, 0, 1, 1);
      edge(corners[2], corners[3], 1, 1, 0, 1);
      edge(corners[3], corners[0], 0, 1, 0, 0);
      for (let each = 0; each + 1 < crossed.length; each += 2) {
        const [[x1, y1], [x2, y2]] = [crossed[each] as [number, number], crossed[each + 1] as [number, number]];
        found.push([x1, y1, x2, y2]);
      }
    }
  }
  return found;
}
