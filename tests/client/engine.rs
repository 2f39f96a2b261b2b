//! Workflow engines, real and unmodified, with what `docs/download.md` tells their users to write.
use super::download::{blocks, site};
use crate::support::apptainer::Site;

/// What only a command within the image finds out.
const INSIDE: &str = "/bin/busybox grep -o greeting /.singularity.d/labels.json";

/// The image was fetched by its address, once.
fn fetched(site: &Site, work: impl FnOnce()) {
    let requests = site.requests_of(work);
    let images = requests
        .iter()
        .filter(|request| *request == "GET /sif/alice/tools/hello:1.0 200");
    assert_eq!(images.count(), 1, "{requests:#?}");
}

#[test]
fn nextflow_runs_its_process_in_the_image() {
    let site = site();
    let reader = site.visitor("reader");
    reader.write("nextflow.config", blocks("groovy"));
    let flow = format!(
        "process greet {{ output: stdout\n script: \"{INSIDE}\" }}\nworkflow {{ greet() | view }}"
    );
    reader.write("main.nf", flow);
    let run = "export NXF_OFFLINE=true APPTAINER_NOHTTPS=true; nextflow -q run main.nf";
    fetched(&site, || {
        reader.shell(run).ok().says("greeting");
    });
    // It keeps the image.
    let requests = site.requests_of(|| drop(reader.shell(run).ok()));
    assert!(requests.is_empty(), "{requests:#?}");
}

#[test]
fn snakemake_runs_its_rule_in_the_image() {
    let site = site();
    let reader = site.visitor("reader");
    let rule = blocks("python").replace("echo hello", INSIDE);
    reader.write("Snakefile", rule);
    let run =
        "export APPTAINER_NOHTTPS=true; snakemake --cores 1 --software-deployment-method apptainer";
    fetched(&site, || drop(reader.shell(run).ok()));
    assert_eq!(reader.read("greeting.txt"), b"greeting\n");
}

#[test]
fn galaxy_runs_its_tool_in_the_image() {
    let site = site();
    let reader = site.visitor("reader");
    let galaxy = include_str!("../tools/galaxy_job.py");
    reader.write("requirements.xml", blocks("xml"));
    reader.write("job.py", galaxy);
    // What a job of Galaxy has around itself.
    let job = format!(
        "mkdir outputs job; export TMP=$PWD/job TEMP=$PWD/job TMPDIR=$PWD/job _GALAXY_JOB_TMP_DIR=$PWD/job galaxy_root=$PWD
        export APPTAINER_NOHTTPS=true; command=$(python3 job.py \"$(cat requirements.xml)\" '{INSIDE}') && eval \"$command\""
    );
    fetched(&site, || {
        reader.shell(&job).ok().says("greeting");
    });
}
