import { profiles } from '../profiles/profiles.ts'
import { scriptOf } from './scenario.ts'

const script = scriptOf(profiles.soak)

export const { options, setup, handleSummary } = script
export default script.iteration
