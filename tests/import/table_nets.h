/* Small table networks in the three JSON formats. */
#ifndef LF_TESTS_TABLE_NETS_H
#define LF_TESTS_TABLE_NETS_H

static const char dwn[] =
    "{\"name\": \"d\", \"n_lut_inputs\": 2, \"n_classes\": 2, \"thresholds\": [[-1, 0.1, 1], [0, 0, 0.5]],"
    " \"layers\": [{\"inputs\": [[0, 1], [2, 3], [4, 5], [5, 0]], \"init\": [\"8\", \"6\", \"e\", \"1\"]},"
    " {\"inputs\": [[0, 1], [1, 2], [2, 3], [3, 3]], \"init\": [\"6\", \"E\", \"8\", \"9\"]}]}";
static const char kanele[] = "{\"config\": {\"layers\": [2, 1], \"layers_bitwidth\": [2, 3]},"
                             " \"input_quantizer\": {\"bits\": 2, \"gain\": [2, 0.3], \"offset\": [0.1, -0.5]},"
                             " \"truth_tables\": {\"0_0_0\": {\"acive\": 1, \"values_int\": [-3, 0, 2, 9]}, \"0_1_0\": "
                             "{\"acive\": 1, \"values_int\": [1, -1, 0, 4]}}}";
static const char hgq[] =
    "{\"classes\": [\"a\"], \"layers\": [{\"inputs\": 2, \"outputs\": 2, \"fraction_bits\": -1, \"bias\": [1, -3], "
    "\"edges\": ["
    "{\"i\": 0, \"o\": 0, \"f\": 1, \"bits\": 2, \"signed\": 1, \"shift\": 1, \"table\": [1, 2, 3, 4]},"
    "{\"i\": 1, \"o\": 1, \"f\": -1, \"bits\": 1, \"signed\": false, \"shift\": 0, \"table\": [-2, 5]}]},"
    "{\"inputs\": 2, \"outputs\": 1, \"fraction_bits\": 3, \"bias\": [0], \"edges\": ["
    "{\"i\": 0, \"o\": 0, \"f\": -2, \"bits\": 2, \"signed\": 0, \"shift\": 0, \"table\": [1, 10, 100, 1000]}]}]}";

#endif
