BEGIN TRANSACTION;
CREATE TABLE exam (
    id INTEGER NOT NULL,
    study_instance_uid TEXT NOT NULL,
    order_id INTEGER,
    state TEXT NOT NULL,
    held_because TEXT DEFAULT '' NOT NULL,
    released BOOLEAN DEFAULT 0 NOT NULL,
    accession_number TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    sent_patient_id TEXT NOT NULL,
    mixed BOOLEAN DEFAULT 0 NOT NULL,
    patient_name TEXT NOT NULL,
    patient_birth_date TEXT NOT NULL,
    patient_sex TEXT NOT NULL,
    modality TEXT NOT NULL,
    study_description TEXT NOT NULL,
    study_date TEXT NOT NULL,
    study_time TEXT NOT NULL,
    instances INTEGER NOT NULL,
    first_instance_at DOUBLE NOT NULL,
    last_instance_at DOUBLE NOT NULL,
    due_at DOUBLE,
    reported_at DOUBLE,
    CONSTRAINT pk_exam PRIMARY KEY (id),
    CONSTRAINT uq_exam_study_instance_uid UNIQUE (study_instance_uid),
    CONSTRAINT fk_exam_order_id FOREIGN KEY(order_id) REFERENCES placed_order (id)
);
CREATE TABLE instance (
    id INTEGER NOT NULL,
    sop_instance_uid TEXT NOT NULL,
    sop_class_uid TEXT NOT NULL,
    study_instance_uid TEXT NOT NULL,
    series_instance_uid TEXT NOT NULL,
    transfer_syntax_uid TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size BIGINT NOT NULL,
    file TEXT NOT NULL,
    standing TEXT NOT NULL,
    calling_aet TEXT NOT NULL,
    received_at DOUBLE NOT NULL,
    CONSTRAINT pk_instance PRIMARY KEY (id),
    CONSTRAINT uq_instance_sop_instance_uid_transfer_syntax_uid_sha256 UNIQUE (sop_instance_uid, transfer_syntax_uid, sha256)
);
CREATE TABLE order_file (
    id INTEGER NOT NULL,
    token TEXT NOT NULL,
    position INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    name TEXT NOT NULL,
    record_type TEXT NOT NULL,
    received_at DOUBLE NOT NULL,
    outcome TEXT NOT NULL,
    accession_number TEXT NOT NULL,
    reason TEXT NOT NULL,
    CONSTRAINT pk_order_file PRIMARY KEY (id),
    CONSTRAINT uq_order_file_token_position UNIQUE (token, position)
);
CREATE TABLE order_reference (
    order_id INTEGER NOT NULL,
    case_id TEXT NOT NULL,
    request_uid TEXT NOT NULL,
    device_code TEXT NOT NULL,
    test_id TEXT NOT NULL,
    CONSTRAINT pk_order_reference PRIMARY KEY (order_id),
    CONSTRAINT fk_order_reference_order_id FOREIGN KEY(order_id) REFERENCES placed_order (id)
);
CREATE TABLE outbox (
    id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    destination TEXT NOT NULL,
    "key" TEXT NOT NULL,
    after_id INTEGER,
    name TEXT NOT NULL,
    name_key TEXT,
    payload BLOB NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER DEFAULT '0' NOT NULL,
    next_at DOUBLE NOT NULL,
    expires_at DOUBLE,
    temporary_name TEXT DEFAULT '' NOT NULL,
    final_name TEXT DEFAULT '' NOT NULL,
    last_error TEXT DEFAULT '' NOT NULL,
    created_at DOUBLE NOT NULL,
    delivered_at DOUBLE,
    CONSTRAINT pk_outbox PRIMARY KEY (id),
    CONSTRAINT uq_outbox_destination_key UNIQUE (destination, "key"),
    CONSTRAINT uq_outbox_destination_name_key UNIQUE (destination, name_key),
    CONSTRAINT fk_outbox_after_id FOREIGN KEY(after_id) REFERENCES outbox (id)
);
CREATE TABLE patient (
    patient_id TEXT NOT NULL,
    family_name TEXT NOT NULL,
    given_name TEXT NOT NULL,
    birth_date TEXT NOT NULL,
    sex TEXT NOT NULL,
    received_at DOUBLE NOT NULL,
    CONSTRAINT pk_patient PRIMARY KEY (patient_id)
);
CREATE TABLE placed_order (
    id INTEGER NOT NULL,
    accession_number TEXT NOT NULL,
    study_instance_uid TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    patient_name TEXT NOT NULL,
    patient_birth_date TEXT NOT NULL,
    patient_sex TEXT NOT NULL,
    modality TEXT NOT NULL,
    station TEXT NOT NULL,
    procedure TEXT NOT NULL,
    state TEXT NOT NULL,
    ordered_at DOUBLE NOT NULL,
    CONSTRAINT pk_placed_order PRIMARY KEY (id),
    CONSTRAINT uq_placed_order_accession_number UNIQUE (accession_number),
    CONSTRAINT uq_placed_order_study_instance_uid UNIQUE (study_instance_uid)
);
CREATE TABLE report (
    id INTEGER NOT NULL,
    exam_id INTEGER NOT NULL,
    instance_id INTEGER NOT NULL,
    sop_instance_uid TEXT NOT NULL,
    state TEXT NOT NULL,
    fingerprint TEXT DEFAULT '' NOT NULL,
    problem TEXT DEFAULT '' NOT NULL,
    CONSTRAINT pk_report PRIMARY KEY (id),
    CONSTRAINT fk_report_exam_id FOREIGN KEY(exam_id) REFERENCES exam (id),
    CONSTRAINT uq_report_instance_id UNIQUE (instance_id),
    CONSTRAINT fk_report_instance_id FOREIGN KEY(instance_id) REFERENCES instance (id)
);
CREATE TABLE schema_version (
    version INTEGER
);
INSERT INTO "schema_version" VALUES(1);
CREATE INDEX ix_instance_aside ON instance (id) WHERE standing = 'conflict';
CREATE INDEX ix_instance_study_instance_uid ON instance (study_instance_uid);
CREATE INDEX ix_placed_order_ordered_at ON placed_order (ordered_at);
CREATE INDEX ix_order_file_sha256 ON order_file (sha256);
CREATE INDEX ix_order_file_name ON order_file (name);
CREATE INDEX ix_outbox_waiting ON outbox (destination, state, next_at);
CREATE INDEX ix_outbox_after_id ON outbox (after_id);
CREATE INDEX ix_outbox_delivered ON outbox (destination, delivered_at);
CREATE INDEX ix_exam_accession_number ON exam (accession_number);
CREATE INDEX ix_exam_due_at ON exam (due_at);
CREATE INDEX ix_report_exam_id ON report (exam_id);
COMMIT;
