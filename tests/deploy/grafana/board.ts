// What of Grafana's dashboard model our dashboard is checked against: the board, its panels, and the options of the
// two kinds of panels that it has.
import type { GraphFieldConfig, OptionsWithTimezones, SingleStatBaseOptions } from '@grafana/schema';
import type * as board from './node_modules/@grafana/schema/dist/esm/raw/dashboard/x/dashboard_types.gen';
import type * as stat from './node_modules/@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as series from './node_modules/@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

export interface Checked {
  dashboard: Omit<board.Dashboard, 'panels'> & { panels: unknown[] };
  row: Omit<board.RowPanel, 'panels'> & { panels: unknown[] };
  panel: board.Panel;
  timeseries: series.Options & OptionsWithTimezones;
  timeseriesField: series.FieldConfig & GraphFieldConfig;
  stat: stat.Options & SingleStatBaseOptions;
}
