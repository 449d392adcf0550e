import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { words } from '../words/words.ts'

export type Line = {
  readonly label: string
  readonly color: string
  readonly fill?: boolean
  readonly values: readonly (number | null)[]
}

const heightPx = 190

const css = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

/** A value with none beside it has no line to show it. */
function alone(plot: uPlot, series: number): number[] {
  const values = plot.data[series]!
  return Array.from(values.keys()).filter((i) => values[i] != null && values[i - 1] == null && values[i + 1] == null)
}

function optionsOf(lines: readonly Line[], width: number): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: css('--soft'),
    grid: { stroke: css('--line'), width: 1 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  }
  return {
    width,
    height: heightPx,
    padding: [12, 30, 0, 0],
    cursor: { y: false, points: { size: 6 } },
    legend: { show: true, live: true },
    scales: { y: { range: (_, _min, max) => [0, Math.max(1, max * 1.15)] } },
    axes: [
      {
        ...axis,
        size: 30,
        values: (_, ticks) => ticks.map((at) => new Date(at * 1_000).toLocaleTimeString('en-GB')),
        space: 90,
      },
      { ...axis, size: 52 },
    ],
    series: [
      {
        label: words.value.time,
        value: (_, at) => (at === null ? '—' : new Date(at * 1_000).toLocaleTimeString('en-GB')),
      },
      ...lines.map(({ label, color, fill }) => ({
        label,
        stroke: css(color),
        width: 2,
        points: { size: 5, filter: alone },
        value: (_: uPlot, value: number | null) => (value === null ? '—' : String(Math.round(value * 10) / 10)),
        ...(fill ? { fill: `color-mix(in srgb, ${css(color)} 14%, transparent)` } : {}),
      })),
    ],
  }
}

/** Lines over time. What it shows is said in words and figures beside it too: a picture is not for everybody. */
export function Chart({ label, times, lines }: { label: string; times: readonly number[]; lines: readonly Line[] }) {
  const holder = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(undefined)
  const names = lines.map((line) => line.label).join()
  const data = [times, ...lines.map(({ values }) => values)] as uPlot.AlignedData
  useEffect(() => {
    const element = holder.current!
    const draw = (): void => {
      plot.current?.destroy()
      plot.current = new uPlot(optionsOf(lines, element.clientWidth), data, element)
    }
    draw()
    const theme = window.matchMedia('(prefers-color-scheme: dark)')
    theme.addEventListener('change', draw)
    const size = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: heightPx }))
    size.observe(element)
    return () => {
      theme.removeEventListener('change', draw)
      size.disconnect()
      plot.current?.destroy()
    }
  }, [names])
  useEffect(() => plot.current?.setData(data), [data])
  return (
    <figure class="chart" aria-label={label}>
      <div ref={holder} />
    </figure>
  )
}
