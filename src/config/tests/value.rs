//! Values that are parsed when they are read.
use super::{
    super::{ByteSize, Config, Duration, HttpUrl, Network},
    complaint, env, load,
};

#[test]
fn public_url_is_an_address_that_paths_can_be_appended_to() {
    let url = |text: &str| text.parse::<HttpUrl>().map(String::from);
    assert_eq!(
        url("https://hub.example/").as_deref(),
        Ok("https://hub.example")
    );
    assert_eq!(
        url("http://Hub.example:8080/sif/").as_deref(),
        Ok("http://hub.example:8080/sif")
    );
    for wrong in [
        "hub.example",
        "ftp://hub.example",
        "https://hub.example/?a",
        "https://hub.example/#a",
        "https://u:p@hub.example",
    ] {
        assert!(url(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn data_directory_may_have_odd_characters() {
    let config = Config {
        data_dir: "/a b/50%?#".into(),
        ..Config::default()
    };
    assert_eq!(
        config.database_url().as_str(),
        "sqlite:///a b/50%25%3F%23/sifhub.db?mode=rwc"
    );
}

#[test]
fn sizes_are_read_and_written_as_people_do() {
    for (text, bytes, shown) in [
        ("64 MiB", 64 << 20, "64 MiB"),
        ("64MiB", 64 << 20, "64 MiB"),
        ("1048576", 1 << 20, "1 MiB"),
        ("5 GB", 5_000_000_000, "5 GB"),
        ("0", 0, "0 B"),
        ("1025 B", 1025, "1025 B"),
    ] {
        let size = text.parse::<ByteSize>().unwrap();
        assert_eq!(size.bytes(), bytes, "{text}");
        assert_eq!(size.to_string().parse(), Ok(size), "{text}");
        assert_eq!(size.to_string(), shown);
    }
    for wrong in [
        "",
        "MiB",
        "1.5 GiB",
        "-1",
        "1 XB",
        "99999999999999999999",
        "99999999 TiB",
    ] {
        assert!(wrong.parse::<ByteSize>().is_err(), "{wrong}");
    }
}

#[test]
fn durations_are_read_and_written_as_people_do() {
    for (text, secs, shown) in [
        ("90d", 7_776_000, "90d"),
        ("15m", 900, "15m"),
        ("30 s", 30, "30s"),
        ("24h", 86_400, "1d"),
        ("5000ms", 5, "5s"),
    ] {
        let duration = text.parse::<Duration>().unwrap();
        assert_eq!(
            (duration.get().as_secs(), duration.to_string().as_str()),
            (secs, shown),
            "{text}"
        );
    }
    assert_eq!("0s".parse::<Duration>().unwrap().to_string(), "0s");
    for wrong in ["", "30", "d", "1.5h", "-1s", "1y", "99999999999999999d"] {
        assert!(wrong.parse::<Duration>().is_err(), "{wrong}");
    }
}

#[test]
fn network_contains_its_addresses_and_no_others() {
    let network: Network = "10.0.0.0/8".parse().unwrap();
    assert!(network.contains("10.1.2.3".parse().unwrap()));
    assert!(network.contains("::ffff:10.1.2.3".parse().unwrap()));
    assert!(!network.contains("11.0.0.1".parse().unwrap()));
    assert!("10.0.0.0/33".parse::<Network>().is_err());
}

#[test]
fn numbers_that_may_be_left_out_are_numbers_to_the_environment_and_to_complaints() {
    let name = "SIFHUB__QUOTA__SITE__IMAGES";
    let config = load(&env(&[(name, "5")])).config;
    assert_eq!(config.quota.site.images, Some(5));
    let complaint = complaint(&env(&[(name, "many")]));
    assert!(complaint.contains("whole number"), "{complaint}");
}
