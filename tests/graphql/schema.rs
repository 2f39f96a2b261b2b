use sifhub::graphql::sdl;

#[test]
fn everything_in_the_schema_has_a_description() {
    let mut described = false;
    let mut inside = false;
    let mut bare = Vec::new();
    for line in sdl().lines().map(str::trim) {
        let quotes = line.matches("\"\"\"").count();
        if quotes > 0 || inside {
            inside ^= quotes == 1;
            described = true;
            continue;
        }
        let names_something = line.starts_with(|c: char| c.is_alphabetic())
            && !line.starts_with("schema")
            && !line.starts_with("query:")
            && !line.starts_with("mutation:")
            && !line.starts_with("directive");
        if names_something && !described {
            bare.push(line.to_owned());
        }
        described = false;
    }
    assert!(bare.is_empty(), "without a description: {bare:#?}");
}
