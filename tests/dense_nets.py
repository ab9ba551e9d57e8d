"""Small dense networks: in text form without training, and as a recipe."""
import random


def network(name, sizes):
    """Dense, one bit everywhere, not trained."""
    rng = random.Random(7)
    lines = ["lutfisk 1", f'graph "{name}"', f'input "x" = %x : FLOAT32[1,{sizes[0]}]', "const %one : UINT1[] range {1,1,1} as f32 = [1]"]
    at = "%x"
    for i, (ins, outs) in enumerate(zip(sizes, sizes[1:])):
        lines.append(f"const %w{i} : BIPOLAR[{ins},{outs}] = [{', '.join(str(rng.choice((-1, 1))) for _ in range(ins * outs))}]")
        bits = (2 * ins).bit_length()
        lines.append(f'%q{i} : BIPOLAR[1,{ins}] = bipolar_quant({at}, %one) "q{i}"')
        lines.append(f'%s{i} : INT{bits}[1,{outs}] range {{-{ins},{ins},2}} = matmul(%q{i}, %w{i}) "fc{i}"')
        at = f"%s{i}"
    with open(f"{name}.lf", "w") as f:
        f.write("\n".join(lines) + f'\noutput "y" = {at}\n')
    return f"{name}.lf"


def write_recipe(path, hidden=4):
    """One epoch on generated digits, one bit everywhere; returns the path."""
    with open(path, "w") as f:
        f.write(f"""data: digits
input: {{shape: [1, 28, 28], divisor: 255, multiply: 2, subtract: 1}}
input_quantizer: {{type: bipolar}}
weights: {{type: bipolar}}
activations: {{type: bipolar}}
layers: [{hidden}, 10]
training: {{epochs: 1}}
""")
    return path
