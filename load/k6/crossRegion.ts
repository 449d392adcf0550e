import { profiles } from '../profiles/profiles.ts'
import { scriptOf } from './scenario.ts'

const script = scriptOf(profiles['cross-region'])

export const { options, setup, handleSummary } = script
export default script.iteration
